import { run } from "./run.ts";

/** The command line in this process, for tests: its exit code and what it prints. */
export async function vit8(...argv: string[]) {
  let [stdout, stderr] = ["", ""];
  const code = await run(argv, {
    print: (text) => {
      stdout += text;
    },
    tell: (text) => {
      stderr += text;
    },
    signal: new AbortController().signal,
  });
  return { code, stdout, stderr };
}
