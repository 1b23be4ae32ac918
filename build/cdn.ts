/** The file for a page without a bundler, `dist/vit8.cdn.js`: the whole of vit8, and `<vit-classifier>` made known. */
export * from "../src/element/define.ts";
export * from "../src/index.ts";
