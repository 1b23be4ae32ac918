// What the compiler says of a shader that it refuses. Fetched where it does.

import { within } from "../errors/until.ts";

/** They are words in an error that is told anyway, and several variants may fail one after the other. */
const LIMIT_MS = 1000;

export async function complaintsOf(module: GPUShaderModule): Promise<string> {
  const { messages } = await within(LIMIT_MS, module.getCompilationInfo());
  return messages.map((m) => `${m.type} at line ${m.lineNum}: ${m.message}`).join("; ");
}
