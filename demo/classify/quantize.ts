/** Quantizing the model in use by a method of one's choice, in a worker of its own: the page stays alive, and ending it is enough. */
import type { MethodName, Width } from "../../src/calibration/index.ts";
import type { Report } from "../../src/index.ts";
import type { Loaded, Model } from "./models.ts";
import { byId, showError, showText } from "./page.ts";
import { calibrationPictures, listenForOwnPictures } from "./quantize-pictures.ts";
import { forgetResult, showResult, summaryOf } from "./quantize-result.ts";
import type { Order, Progress, Quantized, Reply } from "./quantize-worker.ts";
import { texts } from "./texts.ts";

interface Page {
  /** The model in use. */
  readonly loaded: () => Loaded | undefined;
  /** Puts another in its place. */
  readonly use: (model: Model) => void;
}

const fields = byId("quantize-fields", HTMLFieldSetElement);
const method = byId("quantize-method", HTMLSelectElement);
const bits = byId("quantize-bits", HTMLSelectElement);
const keep = byId("quantize-keep", HTMLInputElement);
const seed = byId("quantize-seed", HTMLInputElement);
const runButton = byId("quantize-run", HTMLButtonElement);
const cancelButton = byId("quantize-cancel", HTMLButtonElement);
const bar = byId("quantize-progress", HTMLProgressElement);

let running: AbortController | undefined;
let made: Model | undefined;

export function listenForQuantizing({ loaded, use }: Page): void {
  method.append(...Object.entries(texts.methods).map(([name, words]) => new Option(words, name)));
  // Of those that look at images the one that a handful is enough for: docs/calibration.md.
  method.value = "percentile";
  method.addEventListener("change", offerChoices);
  offerChoices();
  listenForOwnPictures();
  byId("quantize-form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    const now = loaded();
    if (now && !running) void quantize(now);
  });
  cancelButton.addEventListener("click", () => running?.abort());
  byId("quantize-use", HTMLButtonElement).addEventListener("click", () => made && use(made));
}

/** Shows the reason if it is not possible. */
export function offerQuantizing({ checkpoint, backend }: Report): void {
  const { noGpu, noFloat, ready } = texts.quantizing;
  fields.disabled = backend === "cpu" || checkpoint === "quantized";
  runButton.disabled = fields.disabled || running !== undefined;
  showText("quantize-why", backend === "cpu" ? noGpu : checkpoint === "quantized" ? noFloat : ready);
}

/** Scales made at run time have 8 bits, and only with them can a layer stay in float. */
function offerChoices(): void {
  const dynamic = method.value === "dynamic" || method.value === "gptq";
  for (const option of bits.options) option.disabled = dynamic && !option.value.endsWith("a8");
  if (bits.selectedOptions[0]?.disabled) bits.value = "w8a8";
  keep.disabled = !dynamic;
}

async function quantize({ model, options }: Loaded): Promise<void> {
  running = new AbortController();
  const { signal } = running;
  const name = folderName(model.name);
  forgetResult();
  showError(undefined, "quantize-error");
  showRunning(true);
  showProgress({ stage: "download", done: 0, total: undefined });
  try {
    const order: Order = {
      ...{ model: model.source, name, endpoint: options.endpoint && String(options.endpoint) },
      ...{ method: method.value as MethodName, bits: bits.value as Width, seed: seed.valueAsNumber },
      keep: keep.disabled ? [] : keep.value.split(/[\s,]+/).filter(Boolean),
      pictures: await calibrationPictures(),
    };
    const quantized = await fill(order, signal);
    made = { name, source: quantized.files };
    showResult(name, quantized);
    showText("quantize-status", summaryOf(quantized));
  } catch (error) {
    showText("quantize-status", signal.aborted ? texts.quantizing.cancelled : "");
    if (!signal.aborted) showError(error, "quantize-error");
  } finally {
    running = undefined;
    showRunning(false);
  }
}

/** @throws the worker's error, or the signal's reason; the worker is terminated in any case. */
function fill(order: Order, signal: AbortSignal): Promise<Quantized> {
  const worker = new Worker(new URL("./quantize-worker.ts", import.meta.url), { type: "module" });
  return new Promise<Quantized>((resolve, reject) => {
    signal.throwIfAborted();
    signal.addEventListener("abort", () => reject(signal.reason));
    worker.addEventListener("error", ({ message }) => reject(new Error(message)));
    worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => {
      if ("progress" in data) showProgress(data.progress);
      else if ("error" in data) reject(new Error(data.error));
      else resolve(data.quantized);
    });
    worker.postMessage(order);
  }).finally(() => worker.terminate());
}

/** Such as `deit-tiny-patch16-224-repq-w8a8`: the last part of an id, an address or a path. */
function folderName(model: string): string {
  const [last = "model"] = model.split("/").filter(Boolean).slice(-1);
  return `${last}-${method.value}-${bits.value}`;
}

/** Keeps the focus for keyboard users. */
function showRunning(on: boolean): void {
  const focused = document.activeElement;
  runButton.disabled = on || fields.disabled;
  cancelButton.disabled = !on;
  bar.hidden = !on;
  if (!on) showText("quantize-count", "");
  if (on && focused === runButton) cancelButton.focus();
  if (!on && focused === cancelButton) runButton.focus();
}

/** Screen readers hear a stage once; its numbers are beside it. */
function showProgress({ stage, done, total }: Progress): void {
  const { stages, step, bytes } = texts.quantizing;
  if (byId("quantize-status", HTMLElement).textContent !== stages[stage])
    showText("quantize-status", stages[stage]);
  showText("quantize-count", stage === "download" ? bytes(done, total) : step(done + 1, total!));
  if (total) bar.value = done / total;
  else bar.removeAttribute("value");
}
