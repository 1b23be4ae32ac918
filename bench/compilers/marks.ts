// Marks between what a driver prints of one pipeline and of the next.

const MARK = /^@@ vit8 pipeline (\d+)$/m;

export const markOf = (pipeline: number) => `\n@@ vit8 pipeline ${pipeline}\n`;

/** What was printed behind each mark, by its pipeline. */
export function sections(log: string): Map<number, string> {
  const [, ...parts] = log.split(MARK);
  const found = new Map<number, string>();
  for (let i = 0; i < parts.length; i += 2) found.set(Number(parts[i]), parts[i + 1]);
  return found;
}
