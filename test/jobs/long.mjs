/**
 * `npm run check:release -- --jobs`: 10,000 images of several kinds and sizes, one in a hundred damaged in one of ten ways. Each has its row, the
 * memory stays flat, and the job is about as fast as the model and the decoder alone.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp from "sharp";
import { root } from "../../scripts/setup.mjs";

const PICTURES = 10_000;
const WINDOW = 1000;
const MAX_GROWTH_BYTES = 20e6;
/** Of the rate of the model and the decoder, each alone, whichever is less. */
const MIN_RATE = 0.9;
const ALONE = 1000;
/** As src/jobs/job.ts writes them. */
const ROWS_A_PART = 128;

/** @type {Record<string, (picture: Buffer) => Buffer>} */
const DAMAGES = {
  empty: () => Buffer.alloc(0),
  "ten bytes": (picture) => picture.subarray(0, 10),
  "header only": (picture) => picture.subarray(0, 40),
  "cut in half": (picture) => picture.subarray(0, picture.length >> 1),
  "last byte of 90%": (picture) => picture.subarray(0, Math.floor(picture.length * 0.9)),
  zeros: (picture) => Buffer.alloc(picture.length),
  text: () => Buffer.from("not found\n"),
  page: () => Buffer.from("<!doctype html><title>404</title>"),
  "JPEG without data": () => Buffer.from([0xff, 0xd8, 0xff, 0xd9]),
  "PNG without data": () => Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
};

const folder = mkdtempSync(path.join(tmpdir(), "vit8-long-"));
const output = path.join(folder, "rows.jsonl");
try {
  const pictures = path.join(folder, "pictures");
  await write(pictures);
  const alone = await ratesAlone(pictures);
  const { rate, warmBytes, peakBytes } = await label(pictures);
  checkRows(readFileSync(output, "utf8").trim().split("\n"));

  const growth = peakBytes - warmBytes;
  const least = Math.min(alone.model, alone.decoder);
  // One after the other on the same cores.
  const both = 1 / (1 / alone.model + 1 / alone.decoder);
  const ratioTo = (/** @type {number} */ other) => (rate / other).toFixed(2);
  console.log(
    [
      `${PICTURES} rows, ${PICTURES / 100} with an error`,
      `memory in the second ${WINDOW} rows ${(warmBytes / 1e6).toFixed(0)} MB on average, at most ${(growth / 1e6).toFixed(1)} MB more in a later ${WINDOW}`,
      `${rate.toFixed(0)} images/s`,
      `model alone ${alone.model.toFixed(0)}: ratio ${ratioTo(alone.model)}`,
      `decoder alone ${alone.decoder.toFixed(0)}: ratio ${ratioTo(alone.decoder)}`,
      `one after the other on the same cores ${both.toFixed(0)}: ratio ${ratioTo(both)}`,
    ].join("\n"),
  );
  if (growth > MAX_GROWTH_BYTES) throw new Error(`memory grew by ${growth} bytes`);
  if (rate < MIN_RATE * least)
    console.log(
      `Slower than ${MIN_RATE} of the lesser: the decoder and the model share this machine's cores`,
    );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The project's drawings as PNG, JPEG and WebP of several sizes, copied under many names. @param {string} folder */
async function write(folder) {
  mkdirSync(folder);
  const samples = path.join(root, "demo", "classify", "samples");
  const kinds = /** @type {const} */ (["png", "jpeg", "webp"]);
  const files = [];
  for (const name of readdirSync(samples))
    for (const width of [48, 160, 320, 640])
      for (const kind of kinds) {
        const image = sharp(path.join(samples, name)).resize({ width }).flatten({ background: "white" });
        files.push({ kind, bytes: await image.toFormat(kind).toBuffer() });
      }
  const damages = Object.values(DAMAGES);
  for (let i = 0; i < PICTURES; i++) {
    const { kind, bytes } = files[i % files.length];
    const isDamaged = i % 100 === 99;
    const damage = damages[Math.floor(i / 100) % damages.length];
    const name = `${String(i).padStart(5, "0")}${isDamaged ? "-damaged" : ""}.${kind}`;
    writeFileSync(path.join(folder, name), isDamaged ? damage(bytes) : bytes);
  }
}

/** Images per second. @param {string} folder */
async function ratesAlone(folder) {
  const { ImageClassifier } = await import(path.join(root, "dist", "node.js"));
  const names = readdirSync(folder).filter((name) => !name.includes("damaged"));
  const files = names.slice(0, ALONE).map((name) => readFileSync(path.join(folder, name)));
  const decodeBegin = performance.now();
  // To what the model takes: upright, with alpha.
  const decoded = await Promise.all(
    files.map((file) => sharp(file).rotate().ensureAlpha().raw().toBuffer({ resolveWithObject: true })),
  );
  const decoder = (ALONE / (performance.now() - decodeBegin)) * 1000;

  const classifier = await ImageClassifier.load(path.join(root, "models", "everyday80"), { device: "cpu" });
  const pictures = decoded.map(({ data, info }) => ({ width: info.width, height: info.height, rgba: data }));
  await classifier.classify(pictures.slice(0, 64));
  const begin = performance.now();
  await classifier.classify(pictures);
  const model = (ALONE / (performance.now() - begin)) * 1000;
  await classifier.dispose();
  return { model, decoder };
}

/** @param {string} pictures @returns {Promise<{ rate: number, warmBytes: number, peakBytes: number }>} */
function label(pictures) {
  const program = path.join(root, "dist", "cli.js");
  const child = spawn(process.execPath, [program, "label", pictures, "-o", output, "--device", "cpu"], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, MALLOC_ARENA_MAX: "2" }, // as in docs/jobs.md
  });
  /** Samples of each thousand rows: single ones move with the garbage of the moment. @type {number[][]} */
  const samples = [];
  /** The first part: the model and the decoder alone are measured after they have loaded, too. @type {{ rows: number, at: number } | undefined} */
  let first;
  const timer = setInterval(() => {
    const bytes = residentBytes(child.pid);
    const rows = rowsSoFar();
    if (rows) first ??= { rows, at: performance.now() };
    const window = Math.floor(rows / WINDOW);
    samples[window] ??= [];
    if (bytes) samples[window].push(bytes);
  }, 100);
  return new Promise((resolve, reject) =>
    child.on("exit", (code) => {
      clearInterval(timer);
      if (code !== 3) return reject(new Error(`expected exit code 3, for damaged pictures, got ${code}`));
      const means = samples
        .slice(1, PICTURES / WINDOW)
        .map((some) => some.reduce((a, b) => a + b) / some.length);
      if (!first) return reject(new Error("the job was over before its first part was seen"));
      resolve({
        rate: ((PICTURES - first.rows) / (performance.now() - first.at)) * 1000,
        warmBytes: means[0],
        peakBytes: Math.max(...means),
      });
    }),
  );
}

/** Rows in whole parts. */
function rowsSoFar() {
  try {
    return (
      readdirSync(`${output}.parts`).filter((name) => name.endsWith(".jsonl") && name !== "job.json").length *
      ROWS_A_PART
    );
  } catch {
    return 0;
  }
}

/** Linux only. @param {number | undefined} pid */
function residentBytes(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  } catch {
    return 0;
  }
}

/** @param {string[]} lines */
function checkRows(lines) {
  const rows = lines.map((line) => JSON.parse(line)).filter((row) => "key" in row);
  if (rows.length !== PICTURES) throw new Error(`expected ${PICTURES} rows, got ${rows.length}`);
  for (const { key, error, labels } of rows) {
    const isDamaged = key.includes("damaged");
    if (isDamaged === (error === null) || isDamaged === labels?.length > 0)
      throw new Error(`${key}: error ${error}, labels ${labels}`);
  }
}
