// The compiler's messages for a shader that does not compile. Loaded only then.

import { within } from "../errors/until.ts";

/** They only add detail to an error that is thrown anyway, and several variants may fail one after another. */
const LIMIT_MS = 1000;

export async function complaintsOf(module: GPUShaderModule): Promise<string> {
  const { messages } = await within(LIMIT_MS, module.getCompilationInfo());
  return messages.map((m) => `${m.type} at line ${m.lineNum}: ${m.message}`).join("; ");
}
