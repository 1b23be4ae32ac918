import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { defineConfig } from "vitepress";
import { anchorOf } from "../../build/docs/headings.ts";
import { writeServiceWorker } from "../../build/docs/offline.ts";
import { notPages, pageOf } from "../../build/docs/pages.ts";
import { BASE, pathsAtRun, relativePaths } from "../../build/docs/relocate.ts";
import { sidebarOf } from "../../build/docs/sidebar.ts";
import { emptyHeadings, linksOfTheSite } from "./markdown.ts";

const root = path.resolve(import.meta.dirname, "../..");
const elsewhere = (text: string, link: string) => ({ text, link, target: "_self" });

/** `npm run build:site`: the repository's documents as pages, in `site/docs`, beside the demo and the API reference. */
export default defineConfig({
  title: "vit8",
  description: "int8 Vision Transformers in the browser, on WebGPU and WebAssembly: the documentation.",
  lang: "en-US",
  srcDir: root,
  srcExclude: notPages,
  rewrites: pageOf,
  base: BASE,
  outDir: path.join(root, "site/docs"),
  cacheDir: path.join(root, "node_modules/.vitepress"),
  metaChunk: true,
  head: [["link", { rel: "icon", href: `${BASE}icon.svg`, type: "image/svg+xml" }]],
  markdown: {
    anchor: { slugify: anchorOf },
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    config(markdown) {
      linksOfTheSite(markdown, root);
      emptyHeadings(markdown);
    },
  },
  themeConfig: {
    nav: [
      { text: "Guide", link: "/guide.md" },
      { text: "Models", link: "/models.md" },
      elsewhere("API", "../api/index.html"),
      { text: "Benchmarks", link: "/performance.md" },
      elsewhere("Demo", "../index.html"),
    ],
    sidebar: sidebarOf(root),
    outline: [2, 3],
    search: { provider: "local" },
  },
  async buildEnd({ outDir }) {
    copyFileSync(path.join(root, "demo/classify/icon.svg"), path.join(outDir, "icon.svg"));
    for (const { name, depth } of filesOf(outDir)) {
      const file = path.join(outDir, name);
      const moved = /\.(?:html|css)$/.test(name)
        ? relativePaths
        : name.endsWith(".js")
          ? pathsAtRun
          : undefined;
      if (moved) writeFileSync(file, moved(readFileSync(file, "utf8"), depth));
    }
    await writeServiceWorker(outDir);
  },
});

function filesOf(folder: string): { name: string; depth: number }[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .map((name) => ({ name, depth: name.split(path.sep).length - 1 }));
}
