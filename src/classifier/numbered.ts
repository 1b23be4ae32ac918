// Errors of one image of many.

import { PictureError } from "../errors/errors.ts";

/** The error of one of many images says which one it is of. */
export function numbered(error: unknown, index: number): unknown {
  if (error instanceof PictureError) error.message = `pictures[${index}]: ${error.message}`;
  return error;
}
