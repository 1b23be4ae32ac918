import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { defineConfig, type Plugin } from "vite";
import { docs } from "../demo/classify/texts.ts";
import { assembly } from "./assembly-plugin.ts";
import { chunks } from "./chunks.ts";
import { installable } from "./installable.ts";
import { keeping } from "./kept.ts";
import { pageTexts } from "./page-texts.ts";
import { wgsl } from "./wgsl-plugin.ts";

const root = path.resolve(import.meta.dirname, "..");
const BENCH = "demo/bench";

/**
 * Images from files and URLs are blobs; models and images by URL are from any https server. The CPU path is WebAssembly, and so is ONNX
 * Runtime Web on the bench page.
 */
const policy = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "worker-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "img-src 'self' blob: data:",
  "connect-src 'self' https:",
].join("; ");

const pages = {
  index: "index.html",
  element: "demo/element/index.html",
  "element-react": "demo/element/react.html",
  "element-vue": "demo/element/vue.html",
  match: "demo/match/index.html",
  "own-classes": "demo/own-classes/index.html",
  models: "demo/models/index.html",
  bench: `${BENCH}/index.html`,
};
/** Pages name these by paths of the source, in attributes that the bundler does not read. */
const asTheyAre = ["models/everyday80", "demo/classify/samples"];

/** `npm run build:site`: the demo as files for any static server, under any path, in `site/`. */
export default defineConfig({
  root,
  base: "./",
  publicDir: false,
  plugins: [wgsl(), assembly(), pageTexts(), head(), docsLink(), installable(), copies(asTheyAre), offline()],
  worker: { format: "es", plugins: () => [wgsl(), assembly()] },
  build: {
    outDir: "site",
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: {
        ...pages,
        "service-worker": "demo/service-worker.ts",
      },
      output: {
        codeSplitting: { groups: chunks },
        entryFileNames: ({ name }) =>
          name === "service-worker" ? "service-worker.js" : "assets/[name]-[hash].js",
      },
    },
  },
});

function head(): Plugin {
  const attrs = { "http-equiv": "Content-Security-Policy", content: policy };
  return {
    name: "vit8:head",
    transformIndexHtml: () => [{ tag: "meta", attrs, injectTo: "head-prepend" }],
  };
}

/** Only where the docs are: a development server has none. */
function docsLink(): Plugin {
  const link = `<p><a href="./docs/index.html">${docs}</a></p>`;
  return {
    name: "vit8:docs-link",
    transformIndexHtml: (html, { path }) =>
      path === "/index.html" ? html.replace("</footer>", `${link}</footer>`) : html,
  };
}

function copies(folders: readonly string[]): Plugin {
  return {
    name: "vit8:copies",
    generateBundle() {
      for (const folder of folders)
        for (const name of readdirSync(path.join(root, folder))) {
          const source = readFileSync(path.join(root, folder, name));
          this.emitFile({ type: "asset", fileName: `${folder}/${name}`, source });
        }
    },
  };
}

/** Lists the files for the service worker to cache; last, because it reads the output of the other plugins. */
function offline(): Plugin {
  return {
    name: "vit8:offline",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const worker = bundle["service-worker.js"];
        if (worker?.type !== "chunk") throw new Error("site: has no service-worker.js");
        const files = Object.values(bundle).filter((file) => file !== worker);
        // The page of measurements is large, and few who name images open it.
        const kept = files.filter(({ fileName }) => !/^demo\/bench\/|^assets\/bench-/.test(fileName));
        const contents = kept.map((file) => ({
          name: file.fileName,
          content: file.type === "chunk" ? file.code : file.source,
        }));
        worker.code = keeping(worker.code, "vit8-", contents);
      },
    },
  };
}
