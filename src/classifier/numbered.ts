// Errors of one image of many.

import { PictureError } from "../errors/errors.ts";

/** Adds the index of the image to the error of one of many images. */
export function numbered(error: unknown, index: number): unknown {
  if (error instanceof PictureError) error.message = `pictures[${index}]: ${error.message}`;
  return error;
}
