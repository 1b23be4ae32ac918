/**
 * `vit8/cdn`, the file for a page without a bundler and for a service worker: the whole of vit8 without `import()`, and
 * `<vit-classifier>` made known where there are elements.
 */
export * from "../src/element/define.ts";
export * from "../src/index.ts";
