// From arguments to an exit code: 0 done, 1 failed, 2 wrong arguments, 130 interrupted.

import { Vit8Error } from "../errors/errors.ts";
import { bench } from "./bench.ts";
import { classify } from "./classify.ts";
import { Arguments, type Command, helpOf, helpOfAll, UsageError } from "./command.ts";
import { compare } from "./compare.ts";
import { detect } from "./detect.ts";
import { errorJson } from "./error-json.ts";
import { evaluate } from "./eval.ts";
import { exportOnnx } from "./export-onnx.ts";
import { inspect } from "./inspect.ts";
import { label } from "./label.ts";
import { merge } from "./merge.ts";
import { quantize } from "./quantize.ts";
import { search } from "./search.ts";
import { json, type Streams, type Terminal, terminalOf } from "./terminal.ts";
import { version } from "./version.ts";

const commands: readonly Command[] = [
  classify,
  detect,
  label,
  merge,
  search,
  evaluate,
  compare,
  inspect,
  quantize,
  bench,
  exportOnnx,
];

/** Runs one command line. Errors are printed in one line on stderr and never thrown. */
export async function run(argv: readonly string[], streams: Streams): Promise<number> {
  const terminal = terminalOf(streams);
  try {
    return await dispatch(argv, terminal);
  } catch (error) {
    if (terminal.signal.aborted) return 130;
    terminal.tell(`vit8: ${oneLine(error)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function dispatch([name, ...rest]: readonly string[], terminal: Terminal): Promise<number> {
  if (name === "--help" || name === "-h" || name === "help") return printed(terminal, helpOfAll(commands));
  if (name === "--version" || name === "-v") return printed(terminal, `${version()}\n`);
  const command = commands.find((candidate) => candidate.name === name);
  if (!command) {
    const names = commands.map((candidate) => candidate.name).join(", ");
    const got = name === undefined ? "none" : `"${name}"`;
    throw new UsageError(`expected a command (${names}), got ${got}. Run vit8 --help.`);
  }
  try {
    const args = new Arguments(command, rest);
    if (args.flag("help")) return printed(terminal, helpOf(command));
    return await command.run(args, terminal);
  } catch (error) {
    if (error instanceof UsageError) error.message += ` Run vit8 ${command.name} --help.`;
    const wantsJson = command.options.json && rest.includes("--json") && !terminal.signal.aborted;
    if (wantsJson) terminal.print(json({ error: errorJson(error) }));
    throw error;
  }
}

function printed(terminal: Terminal, text: string): number {
  terminal.print(text);
  return 0;
}

/** Errors of other classes keep their name. */
function oneLine(error: unknown): string {
  const known = error instanceof Vit8Error || error instanceof UsageError || error instanceof RangeError;
  const text = known ? error.message : String(error);
  return text.trim().replace(/\s*\n\s*/g, " ");
}
