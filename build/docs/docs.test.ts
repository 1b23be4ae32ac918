import { expect, test } from "vitest";
import { pageOf, siteLink } from "./pages.ts";
import { BASE, pathsAtRun, relativePaths } from "./relocate.ts";
import { sidebarOf } from "./sidebar.ts";

const isPage = (file: string) => file.endsWith(".md");

test.each([
  ["README.md", "index.md"],
  ["docs/guide.md", "guide.md"],
  ["docs/how-to/kernel.md", "how-to-kernel.md"],
  ["models/everyday80/README.md", "everyday80.md"],
  ["CHANGELOG.md", "CHANGELOG.md"],
])("%s is the page %s", (file, page) => expect(pageOf(file)).toBe(page));

test.each([
  ["a page of another folder", "../README.md#where-it-runs", "/index.md#where-it-runs"],
  ["a page below", "how-to/kernel.md", "/how-to-kernel.md"],
  ["a heading of its own", "#tensors", "#tensors"],
  ["another site", "https://example.org/a.md", "https://example.org/a.md"],
  ["a source file, which is not on the site", "../src/index.ts", undefined],
])("a link to %s", (_, link, expected) => expect(siteLink("docs/guide.md", link, isPage)).toBe(expected));

test("the sidebar has the README's lists in their order, by the documents' titles", () => {
  const [first, ...others] = sidebarOf(".");
  expect(first.items[0]).toEqual({ text: "Guide", link: "/guide.md" });
  expect(others.at(-1)!.items).toContainEqual({ text: "Add a kernel", link: "/how-to-kernel.md" });
});

test("a page's paths become relative", () => {
  expect(relativePaths(`<a href="${BASE}guide.html">`)).toBe('<a href="./guide.html">');
  expect(relativePaths(`url(${BASE}assets/a.svg)`, 1)).toBe("url(../assets/a.svg)");
});

test("a script's paths begin where the site is when it runs", () => {
  const code = [
    `export const base = "${BASE}";`,
    `export const page = '${BASE}guide.html#"';`,
    `const name = "b";`,
    `export const chunk = \`${BASE}assets/\${name}.js\`;`,
    "export const other = /x/.test('x') && 'as it was';",
  ].join("\n");
  const moved = pathsAtRun(code, 2).replace(
    "import.meta.url",
    '"https://a.org/below/docs/assets/chunks/c.js"',
  );
  const run = new Function(`${moved.replaceAll("export ", "")}\nreturn { base, page, chunk, other };`);
  expect(run()).toEqual({
    base: "/below/docs/",
    page: '/below/docs/guide.html#"',
    chunk: "/below/docs/assets/b.js",
    other: "as it was",
  });
});

test("a script without paths of the site stays as it is", () =>
  expect(pathsAtRun("f('/a')", 1)).toBe("f('/a')"));
