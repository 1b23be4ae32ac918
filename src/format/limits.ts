/** The limits of what a config may specify. */

/** Pixels along a side of the image that a model takes. */
export const MAX_IMAGE_SIDE = 4096;
export const MAX_CLASSES = 21_843;
