// Errors as `--json` prints them.

import { type ErrorCode, Vit8Error } from "../errors/errors.ts";
import { UsageError } from "./command.ts";

export interface ErrorJson {
  readonly name: string;
  readonly code: ErrorCode | "INVALID_USAGE" | "INVALID_ARGUMENT" | "INTERNAL";
  readonly message: string;
}

/** The class, the stable code and the message of an error. */
export function errorJson(error: unknown): ErrorJson {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { name, code: codeOf(error), message };
}

function codeOf(error: unknown): ErrorJson["code"] {
  if (error instanceof Vit8Error) return error.code;
  if (error instanceof UsageError) return "INVALID_USAGE";
  // The options that an API call checks.
  return error instanceof RangeError || error instanceof TypeError ? "INVALID_ARGUMENT" : "INTERNAL";
}
