#!/usr/bin/env node
// The program `vit8`: the process around `run`.

import { run } from "./run.ts";

const interruption = new AbortController();
// The first Ctrl-C cleans up; a second one ends the process as Node does.
process.once("SIGINT", () => interruption.abort());
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
  // A reader that has seen enough, such as head, is no error; a full disk is.
  if (code === "EPIPE") process.exit(0);
  process.stderr.write(`vit8: stdout: cannot be written (${code})\n`, () => process.exit(1));
});
process.stderr.on("error", () => {});
const isTerminal = process.stderr.isTTY && process.env.TERM !== "dumb";

const code = await run(process.argv.slice(2), {
  print: (text) => void process.stdout.write(text),
  tell: (text) => void process.stderr.write(text),
  columns: isTerminal ? process.stderr.columns : undefined,
  signal: interruption.signal,
});
// Dawn's threads keep a process alive, so exit after the output is flushed.
process.stdout.write("", () => process.exit(code));
