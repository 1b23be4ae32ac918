#!/usr/bin/env node
// The program `vit8`: the process around `run`.

import { run } from "./run.ts";

const interruption = new AbortController();
// The first Ctrl-C cleans up; a second one ends the process as Node does.
process.once("SIGINT", () => interruption.abort());
// A reader that has seen enough, such as head, is no error.
process.stdout.on("error", () => process.exit(0));

const code = await run(process.argv.slice(2), {
  print: (text) => void process.stdout.write(text),
  tell: (text) => void process.stderr.write(text),
  columns: process.stderr.isTTY ? process.stderr.columns : undefined,
  signal: interruption.signal,
});
// Dawn's threads keep a process alive, so it is ended, after what was printed has gone out.
process.stdout.write("", () => process.exit(code));
