import { parseAst } from "vite";

/** A placeholder for the path of the site: VitePress requires a path, but the site must work under any. */
export const BASE = "/__vit8_docs__/";

/** A page or a style sheet, `depth` folders below the site's: its paths become relative. */
export function relativePaths(text: string, depth = 0): string {
  return text.replaceAll(BASE, "../".repeat(depth) || "./");
}

/** A script, `depth` folders below the site's: it makes its paths from its own address when it runs. */
export function pathsAtRun(code: string, depth: number): string {
  if (!code.includes(BASE)) return code;
  const up = JSON.stringify("../".repeat(depth));
  const edits = stringsOf(parseAst(code))
    .filter(({ start, end }) => code.slice(start, end).includes(BASE))
    .map(({ type, start, end }) => {
      const text = code.slice(start, end);
      const moved =
        type === "TemplateElement"
          ? text.replaceAll(BASE, "$" + "{__base}")
          : `(${text}).replaceAll(${JSON.stringify(BASE)},__base)`;
      return { start, end, moved };
    });
  let [moved, at] = [`const __base=new URL(${up},import.meta.url).pathname;`, 0];
  for (const { start, end, moved: text } of edits.sort((a, b) => a.start - b.start)) {
    moved += code.slice(at, start) + text;
    at = end;
  }
  return moved + code.slice(at);
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

function stringsOf(node: unknown): Node[] {
  if (typeof node !== "object" || node === null) return [];
  if (Array.isArray(node)) return node.flatMap(stringsOf);
  const { type } = node as Node;
  if (type === "Literal" || type === "TemplateElement") return [node as Node];
  return Object.values(node).flatMap(stringsOf);
}
