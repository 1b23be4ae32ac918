/** `npm run soak`: fails where memory grows while the bundled model classifies thousands of images. */
import path from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { readOptions } from "./options.mjs";
import { root } from "./setup.mjs";

const values = readOptions(
  `npm run soak [-- options]
Classifies images of many sizes one after another with the bundled model, prints the memory in use, and fails where it grows.

  --images N       default 2000
  --device NAME    auto, webgpu or cpu; default auto
  -h, --help       show this text`,
  { images: { type: "string", default: "2000" }, device: { type: "string", default: "auto" } },
);
const images = Number(values.images);

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

const { ImageClassifier } = await import(path.join(root, "dist", "node.js"));
const classifier = await ImageClassifier.load(path.join(root, "models", "everyday80"), {
  device: values.device,
});
console.log(`everyday80 on ${classifier.report.adapter.description}, ${images} pictures`);
console.log("pictures   heap MB   arrays MB   resident MB   GPU MB");
const held = [];
for (let i = 1; i <= images; i++) {
  await classifier.classify(madeUpPicture(i));
  if (i % Math.ceil(images / 10) === 0) held.push(await report(i));
}
await classifier.dispose();

// The first tenth compiles, and sizes buffers for the largest image.
const [settled] = held;
const last = held[held.length - 1];
const grown = last.heapUsed + last.arrayBuffers - settled.heapUsed - settled.arrayBuffers;
console.log(`grown since the first tenth: ${megabytes(grown)} MB of heap and arrays`);
if (grown > 2e6 || last.gpuBytes > settled.gpuBytes) {
  console.error("soak: memory is not flat");
  process.exitCode = 1;
}

/** @param {number} done */
async function report(done) {
  for (let i = 0; i < 2; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  const { gpuBytes } = classifier.report;
  const row = [heapUsed, arrayBuffers, rss, gpuBytes].map((bytes) => megabytes(bytes).padStart(10));
  console.log(String(done).padStart(8), row.join("  "));
  return { heapUsed, arrayBuffers, gpuBytes };
}

/** Of 40 sizes, so that buffers are created again; the largest are in the first tenth. @param {number} seed */
function madeUpPicture(seed) {
  const [width, height] = [64 + 32 * (seed % 8), 64 + 48 * (seed % 5)];
  const rgba = new Uint8Array(width * height * 4);
  let state = seed;
  for (let i = 0; i < rgba.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    rgba[i] = state >>> 24;
  }
  return { width, height, rgba };
}

/** @param {number} bytes */
function megabytes(bytes) {
  return (bytes / 1e6).toFixed(2);
}
