import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { defineConfig, type Plugin } from "vite";
import { pageTexts } from "./page-texts.ts";
import { wgsl } from "./wgsl-plugin.ts";

const root = path.resolve(import.meta.dirname, "..");
const BENCH = "demo/bench";

/** Pictures from files and addresses are blobs; models and pictures by address come from anywhere by https. */
const policyOf = (scripts: string) =>
  [
    "default-src 'self'",
    `script-src ${scripts}`,
    "style-src 'self'",
    "worker-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "img-src 'self' blob: data:",
    "connect-src 'self' https:",
  ].join("; ");

const policy = policyOf("'self'");
/** ONNX Runtime Web, which the page of measurements races against, is WebAssembly. */
const benchPolicy = policyOf("'self' 'wasm-unsafe-eval'");

const manifest = {
  name: "vit8: what is in the picture?",
  short_name: "vit8",
  start_url: "./",
  display: "standalone",
  background_color: "#f6f5f1",
  theme_color: "#0b6e63",
  icons: [{ src: "./icon.svg", sizes: "any", type: "image/svg+xml" }],
};

/** `npm run build:site`: the demo as files for any static server, under any path, in `site/`. */
export default defineConfig({
  root,
  base: "./",
  publicDir: false,
  plugins: [wgsl(), pageTexts(), head(), bundledModel(), offline()],
  worker: { format: "es", plugins: () => [wgsl()] },
  build: {
    outDir: "site",
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: {
        index: path.join(root, "index.html"),
        bench: path.join(root, BENCH, "index.html"),
        "service-worker": path.join(root, "demo/service-worker.ts"),
      },
      output: {
        entryFileNames: ({ name }) =>
          name === "service-worker" ? "service-worker.js" : "assets/[name]-[hash].js",
      },
    },
  },
});

function head(): Plugin {
  return {
    name: "vit8:head",
    transformIndexHtml: (_, { path: page }) => {
      const isBench = page.startsWith(`/${BENCH}`);
      const content = isBench ? benchPolicy : policy;
      const meta = { tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content } };
      const link = { tag: "link", attrs: { rel: "manifest", href: "./manifest.webmanifest" } };
      return [
        { ...meta, injectTo: "head-prepend" as const },
        ...(isBench ? [] : [{ ...link, injectTo: "head" as const }]),
      ];
    },
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "manifest.webmanifest", source: JSON.stringify(manifest) });
      const icon = readFileSync(path.join(root, "demo/classify/icon.svg"));
      this.emitFile({ type: "asset", fileName: "icon.svg", source: icon });
    },
  };
}

function bundledModel(): Plugin {
  const folder = "models/everyday80";
  return {
    name: "vit8:bundled-model",
    generateBundle() {
      for (const name of readdirSync(path.join(root, folder))) {
        const source = readFileSync(path.join(root, folder, name));
        this.emitFile({ type: "asset", fileName: `${folder}/${name}`, source });
      }
    },
  };
}

/** Tells the service worker what to keep; last, for it looks at what the others made. */
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
        const hash = createHash("sha256");
        for (const file of files) hash.update(file.type === "chunk" ? file.code : file.source);
        // The page of measurements is large, and few who name pictures open it.
        const kept = files.filter(({ fileName }) => !/^demo\/bench\/|^assets\/bench-/.test(fileName));
        const names = kept.map(({ fileName }) => (fileName === "index.html" ? "./" : fileName));
        worker.code = worker.code
          .replace("__FILES__", JSON.stringify(names))
          .replace("__VERSION__", JSON.stringify(hash.digest("hex").slice(0, 16)));
      },
    },
  };
}
