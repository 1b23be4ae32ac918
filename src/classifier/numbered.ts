// Errors of one image of many.

import { PictureError } from "../errors/errors.ts";

/** Adds which of `count` images it was to the error of one. */
export function numbered(error: unknown, index: number, count: number): unknown {
  if (error instanceof PictureError)
    error.message = `image ${index + 1} of ${count}: ${error.message.replace(/^image: /, "")}`;
  return error;
}
