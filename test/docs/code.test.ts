/** Every block of code in a document is checked: types, shaders, command lines, JSON and HTML. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { link } from "wesl/core";
import { parse } from "yaml";
import { run } from "../../src/cli/run.ts";
import { VitClassifier } from "../../src/element/index.ts";
import { type CodeBlock, codeBlocks, readDocuments } from "./markdown.ts";

const blocks = readDocuments().flatMap(codeBlocks);
const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));

const ofLanguage = (...languages: string[]) => blocks.filter(({ language }) => languages.includes(language));
const place = ({ document, line }: CodeBlock) => `${document}:${line}`;

test("no block is in a language that nobody checks", () => {
  const checked = ofLanguage(
    "ts",
    "tsx",
    "js",
    "html",
    "json",
    "wgsl",
    "sh",
    "bash",
    "yaml",
    "python",
    "text",
  );
  expect(blocks.filter((block) => !checked.includes(block)).map(place)).toEqual([]);
});

describe("types", () => {
  const scriptsOf = (block: CodeBlock): CodeBlock[] =>
    [...block.code.matchAll(/<script type="module">([\s\S]*?)<\/script>/g)].map(([, code]) => ({
      ...block,
      code,
    }));
  const inHtml = ofLanguage("html").flatMap(scriptsOf);

  test("of TypeScript", () => expect(typeErrors(ofLanguage("ts", "tsx"), { strict: true })).toBe(""));
  // What a reader would have to write beside null is left out of JavaScript.
  test("of JavaScript", () =>
    expect(typeErrors([...ofLanguage("js"), ...inHtml], { strict: false, checkJs: true })).toBe(""));
  test("a planted error is found", () => {
    const block = { document: "a.md", line: 1, language: "ts", code: 'import { none } from "vit8";' };
    expect(typeErrors([block], { strict: true })).toContain("a-1.ts(1,10)");
  });
  test("React's JSX knows the element's properties and events", () => {
    const code = `import "vit8/element/react";
      <vit-classifier src="a.jpg" topK={3} threshold={0.1} classifier={null} className="a" onresult={({ detail }) => detail[0].label} />;
      <vit-classifier topK="3" />;
      <vit-classifier onresult={({ detail }) => detail.label} />;
      <vit-classifier src={undefined} topK={undefined} onresult={undefined} />;`;
    const options = { strict: true, exactOptionalPropertyTypes: true };
    const errors = typeErrors([{ document: "a.md", line: 1, language: "tsx", code }], options);
    expect(errors.split("\n").flatMap((line) => /^\S*a-1\.tsx\((\d+)/.exec(line)?.[1] ?? [])).toEqual([
      "3",
      "4",
    ]);
  });
});

/** The compiler's errors for these blocks, each a module, with the names of test/docs/globals.d.ts available. */
function typeErrors(blocks: readonly CodeBlock[], options: object): string {
  // Below the project, so that packages are found; merged with it by rootDirs, so that relative imports are.
  const folder = path.resolve(mkdtempSync("test/docs/.blocks-"));
  try {
    const files = blocks.map((block) => writeBlock(folder, block));
    const root = process.cwd();
    const compilerOptions = {
      ...options,
      jsx: "react-jsx",
      noUnusedLocals: false,
      noUnusedParameters: false,
      rootDirs: [root, folder],
      paths: {
        vit8: [`${root}/src/index.ts`],
        "vit8/cdn": [`${root}/src/index.ts`],
        "vit8/node": [`${root}/src/node/index.ts`],
        "vit8/zero-shot": [`${root}/src/zeroshot/index.ts`],
        "vit8/quantize": [`${root}/src/calibration/index.ts`],
        "vit8/element": [`${root}/src/element/index.ts`],
        "vit8/element/react": [`${root}/src/element/react.ts`],
        "vit8/element/define": [`${root}/src/element/define.ts`],
      },
    };
    const ambient = [`${root}/test/docs/globals.d.ts`, `${root}/src/wgsl.d.ts`, `${root}/src/assembly.d.ts`];
    const config = {
      extends: `${root}/tsconfig.json`,
      compilerOptions,
      files: [...files, ...ambient],
      include: [],
    };
    writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify(config));
    execFileSync("node_modules/.bin/tsc", ["-p", folder, "--pretty", "false"], { encoding: "utf8" });
    return "";
  } catch (error) {
    // Strict sources are wrong by looser rules, which are not theirs.
    const { stdout = String(error) } = error as { stdout?: string };
    const lines = stdout.split("\n").filter((line) => !/^(src\/| )/.test(line));
    return lines.join("\n").trim();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function writeBlock(folder: string, { document, line, language, code, file }: CodeBlock): string {
  const extension = language.startsWith("ts") ? language : "js";
  const name = file ?? `${document.replace(/\.md$/, "")}-${line}.${extension}`;
  const target = path.join(folder, name);
  mkdirSync(path.dirname(target), { recursive: true });
  // A block without an import is still a module: `await` at its top, names of its own.
  writeFileSync(target, /^(import|export) /m.test(code) ? code : `${code}\nexport {};\n`);
  return target;
}

test.each(ofLanguage("wgsl"))("shader at $document:$line links", async ({ code }) => {
  const { dest } = await link({ weslSrc: { "main.wgsl": code }, rootModuleName: "main" });
  expect(dest).toContain("@compute");
});

test.each(ofLanguage("json"))("JSON at $document:$line", ({ code }) =>
  expect(() => JSON.parse(code)).not.toThrow(),
);

test.each(ofLanguage("yaml"))("YAML at $document:$line", ({ code }) =>
  expect(() => parse(code)).not.toThrow(),
);

test.each(ofLanguage("bash"))("the script at $document:$line is Bash", ({ code }) =>
  expect(() => execFileSync("bash", ["-n"], { input: code, stdio: "pipe" })).not.toThrow(),
);

test.each(ofLanguage("python"))(
  "the script at $document:$line replaces what test/goldens/tokens.py does, whose tokens the tests compare",
  ({ code }) => {
    const replacements = code.match(/Regex\(r.*\)/g) ?? [];
    expect(replacements).not.toEqual([]);
    for (const replacement of replacements)
      expect(readFileSync("test/goldens/tokens.py", "utf8")).toContain(replacement);
  },
);

test.each(ofLanguage("html"))(
  "elements at $document:$line have the attributes that they are given",
  ({ code }) => {
    for (const [, attributes] of code.matchAll(/<vit-classifier\s([^>]*)>/g))
      for (const [, name] of attributes.matchAll(/([\w-]+)(?:=|\s|$)(?:"[^"]*")?/g))
        expect([...VitClassifier.observedAttributes, "name", "id"]).toContain(name);
  },
);

describe("command lines", () => {
  const lines = ofLanguage("sh").flatMap((block) =>
    block.code.split("\n").map((text, i) => ({ at: place({ ...block, line: block.line + i }), text })),
  );
  const commands = lines
    .map(({ at, text }) => ({
      at,
      words: text
        .replace(/\s+#.*$/, "")
        .trim()
        .split(/\s+/),
    }))
    .filter(({ words }) => words[0] !== "" && !words[0].startsWith("#"));

  test.each(commands)("$at: $words", async ({ words }) => expect(await faultOf(words)).toBeUndefined());

  test.each([
    ["an unknown option", "vit8 classify --none a.jpg"],
    ["an unknown command", "npm run -s vit8 -- none"],
    ["an unknown script", "npm run none"],
    ["a file that is not there", "npx vitest run src/none"],
    ["an unknown program", "none"],
  ])("%s is found", async (_, text) => expect(await faultOf(text.split(" "))).toBeDefined());
});

/** The error in a command line of ours; others need only be known programs. */
async function faultOf([program, ...args]: readonly string[]): Promise<string | undefined> {
  if (program === "vit8") return faultOfVit8(args);
  if (program === "npm") return faultOfNpm(args);
  if (program === "npx" && args[0] === "vit8") return faultOfVit8(args.slice(1));
  if (program === "npx" || program === "node")
    return args.find((arg) => /^(src|bench|e2e|build|test)\//.test(arg) && !existsSync(arg));
  return ["git", "cp", "cd", "curl"].includes(program) ? undefined : `${program}: no known program`;
}

async function faultOfNpm(args: readonly string[]): Promise<string | undefined> {
  const [verb, name] = args.filter((arg) => arg !== "-s");
  if (verb === "run" && name === "vit8") return faultOfVit8(args.slice(args.indexOf("--") + 1));
  const script = verb === "run" ? name : verb;
  if (["install", "i", "ci", "pack", "create"].includes(script)) return undefined;
  return script in scripts ? undefined : `${script}: no script of package.json`;
}

/** Parses the command line as vit8 does, without running it. */
async function faultOfVit8(args: readonly string[]): Promise<string | undefined> {
  let told = "";
  const terminal = {
    print: () => {},
    tell: (text: string) => {
      told += text;
    },
    signal: new AbortController().signal,
  };
  const code = await run([...args, "--help"], terminal);
  return code === 0 ? undefined : told;
}
