import { readFileSync } from "node:fs";
import sharp from "sharp";
import type { Plugin } from "vite";
import { page } from "../demo/classify/texts.ts";

const drawing = "demo/classify/icon.svg";

const manifest = {
  name: page.title,
  short_name: page.name,
  description: page.description,
  lang: page.language,
  start_url: "./",
  display: "standalone",
  background_color: "#f6f5f1",
  theme_color: "#0b6e63",
  icons: [
    { src: "./icon.svg", sizes: "any", type: "image/svg+xml" },
    { src: "./icon-192.png", sizes: "192x192", type: "image/png" },
    { src: "./icon-512.png", sizes: "512x512", type: "image/png" },
    { src: "./icon-maskable.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
  ],
};

/** Manifest and icons, which let a browser install the page. */
export function installable(): Plugin {
  return {
    name: "vit8:installable",
    transformIndexHtml: (_, { path }) =>
      path === "/index.html"
        ? [
            { tag: "link", attrs: { rel: "manifest", href: "./manifest.webmanifest" }, injectTo: "head" },
            { tag: "link", attrs: { rel: "apple-touch-icon", href: "./icon-192.png" }, injectTo: "head" },
          ]
        : [],
    async generateBundle() {
      const svg = readFileSync(drawing);
      const emit = (fileName: string, source: string | Uint8Array) =>
        this.emitFile({ type: "asset", fileName, source });
      emit("manifest.webmanifest", JSON.stringify(manifest));
      emit("icon.svg", svg);
      for (const side of [192, 512]) emit(`icon-${side}.png`, await drawn(svg, side).toBuffer());
      // A launcher may cut off all but a circle of 80% of the width.
      const [inner, margin] = [360, 76];
      const around = { top: margin, bottom: margin, left: margin, right: margin };
      const background = manifest.theme_color;
      emit(
        "icon-maskable.png",
        await drawn(svg, inner)
          .flatten({ background })
          .extend({ ...around, background })
          .toBuffer(),
      );
    },
  };
}

const drawn = (svg: Buffer, side: number) =>
  sharp(svg, { density: (72 * side) / 32 })
    .resize(side)
    .png();
