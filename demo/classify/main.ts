/** The demo page: one model, one image, and its labels. */
import { forgetAttention, listenForAttention, showAttention, wantsAttention } from "./attention.ts";
import { closeCamera, followFrames, openCamera } from "./camera.ts";
import { showSeen } from "./framing.ts";
import {
  bundled,
  type Loaded,
  loadModel,
  type Model,
  modelByName,
  modelOfFiles,
  type Options,
  suggestModels,
} from "./models.ts";
import { keepWithoutNetwork, offerInstalling } from "./offline.ts";
import {
  byId,
  showError,
  showPicture,
  showPrecisions,
  showProgress,
  showResults,
  showStatus,
  showText,
  showWithoutGpu,
} from "./page.ts";
import { listenForFiles } from "./pictures.ts";
import { listenForQuantizing, offerQuantizing } from "./quantize.ts";
import { showAgreement, showReport } from "./ran.ts";
import { showSamples } from "./samples.ts";
import { texts } from "./texts.ts";
import { forgetTimes, listenForTimes, showMeasuring, showTimes, wantsTimes } from "./times.ts";
import { cosine } from "./vectors.ts";

let loaded: Loaded | undefined;
/** Decoded, as the page shows it. */
let picture: ImageBitmap | undefined;
/** What the next images are compared with. */
let kept: Float32Array | undefined;
let loading = new AbortController();
let looking = new AbortController();

const address = new URL(location.href);
const modelField = byId("model", HTMLInputElement);
const device = byId("device", HTMLSelectElement);
const precision = byId("precision", HTMLSelectElement);
const nonlinear = byId("nonlinear", HTMLSelectElement);
const keepButton = byId("keep", HTMLButtonElement);
const checkButton = byId("check", HTMLButtonElement);
const cameraButton = byId("camera", HTMLButtonElement);

function chosenOptions(): Options {
  return {
    device: device.value as Options["device"],
    precision: precision.value as Options["precision"],
    nonlinear: nonlinear.value as Options["nonlinear"],
    endpoint: address.searchParams.get("endpoint") ?? undefined,
  };
}

/** The model in use stays in use until the new one is ready. */
async function switchModel(model: Model): Promise<void> {
  loading.abort();
  loading = new AbortController();
  const { signal } = loading;
  showError(undefined);
  showProgress({ stage: "download" });
  try {
    const next = await loadModel(model, chosenOptions(), signal, showProgress);
    if (signal.aborted) return void next.classifier.dispose();
    loaded?.classifier.dispose();
    loaded = next;
  } catch (error) {
    if (signal !== loading.signal) return; // another model is loading by now
    showProgress(undefined);
    showStatus(signal.aborted ? texts.cancelled(loaded?.model.name) : "");
    showOptions();
    if (signal.aborted) return;
    showError(error);
    return;
  }
  showProgress(undefined);
  showReport(loaded.classifier.report);
  showWithoutGpu(loaded.classifier.report);
  showPrecisions(loaded.classifier.report);
  offerQuantizing(loaded.classifier.report);
  showModelInAddress(model);
  forgetOtherModel();
  showText("honesty", model.name === bundled ? texts.bundledModel : texts.otherModel);
  if (picture) await lookAt(picture);
  else if (cameraButton.ariaPressed !== "true") showStatus(texts.readyForPicture);
}

/** Those in use, after others could not be. */
function showOptions(): void {
  if (!loaded) return;
  device.value = loaded.options.device!;
  precision.value = loaded.options.precision!;
  nonlinear.value = loaded.options.nonlinear!;
}

/** So that the URL can be shared; a folder cannot. */
function showModelInAddress({ name, source }: Model): void {
  if (device.value === "auto") address.searchParams.delete("device");
  else address.searchParams.set("device", device.value);
  if (typeof source === "string" && name !== bundled) address.searchParams.set("model", name);
  else address.searchParams.delete("model");
  history.replaceState(null, "", address);
}

/** Another image: whatever was looked at before no longer is. */
function startLooking(): AbortSignal {
  looking.abort();
  looking = new AbortController();
  closeCamera();
  cameraButton.ariaPressed = "false";
  byId("live", HTMLElement).hidden = true;
  showText("agreement", "");
  forgetAttention();
  forgetTimes();
  showError(undefined);
  if (loaded) showStatus(texts.looking);
  return looking.signal;
}

async function choosePicture(address: string, name: string, file?: Blob): Promise<void> {
  const signal = startLooking();
  try {
    const image = await showPicture(address, name);
    const bitmap = await (file && file.type !== "image/svg+xml"
      ? createImageBitmap(file, asStored)
      : createImageBitmap(image, asStored).catch(() => createImageBitmap(withSize(image))));
    if (!signal.aborted) await lookAt(bitmap);
  } catch {
    if (signal.aborted) return;
    picture = undefined;
    showResults([]);
    showStatus("");
    showError(texts.unreadable(name));
  }
}

/** As vit8 decodes a file: upright, straight alpha, no color profile applied. */
const asStored = { premultiplyAlpha: "none", colorSpaceConversion: "none" } as const;

/** An SVG may have no size; the browser draws it at a default size. */
function withSize(image: HTMLImageElement): OffscreenCanvas {
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  canvas.getContext("2d")!.drawImage(image, 0, 0);
  return canvas;
}

async function lookAt(source: ImageBitmap): Promise<void> {
  picture = source;
  if (!loaded) return; // it will be looked at when the model is there
  const { signal } = looking;
  showStatus(texts.looking);
  try {
    const start = performance.now();
    await look(source, loaded, signal, () => showStatus(texts.answered(performance.now() - start)));
    await showLikeness(source, loaded, signal);
    keepButton.disabled = false;
    checkButton.disabled = false;
    if (wantsTimes()) await measure();
  } catch (error) {
    if (signal.aborted) return;
    showStatus("");
    showResults([]);
    showError(error);
  }
}

/** Classifies the image, then shows the attention. For a model without labels, shows what it does instead. */
async function look(
  source: ImageBitmap | HTMLVideoElement,
  { classifier }: Loaded,
  signal: AbortSignal,
  answered?: () => void,
): Promise<void> {
  showSeen(source, classifier.framing);
  const naming =
    classifier.labels.length > 0 ? classifier.classify(source, { topK: 5, signal }) : Promise.resolve([]);
  // Requested immediately: the next frame of a video would be another image.
  const mapping = wantsAttention() ? classifier.attention(source, { signal }) : undefined;
  mapping?.catch(() => {}); // shown below, unless classifying failed too
  const results = await naming;
  if (signal.aborted) return;
  showResults(results);
  showReport(classifier.report);
  answered?.();
  const map = await mapping;
  if (map && wantsAttention() && !signal.aborted) showAttention(map);
}

/** Runs `work` with the current image and model, and drops its result if they have changed meanwhile. */
async function withBoth<T>(
  work: (picture: ImageBitmap, loaded: Loaded, signal: AbortSignal) => Promise<T>,
  show: (result: T) => void,
): Promise<void> {
  if (!picture || !loaded) return;
  const [now, { signal }] = [loaded, looking];
  const current = () => !signal.aborted && now === loaded;
  try {
    const result = await work(picture, now, signal);
    if (current()) show(result);
  } catch (error) {
    if (current()) showError(error);
  }
}

const mapAttention = () =>
  withBoth((picture, { classifier }, signal) => classifier.attention(picture, { signal }), showAttention);

async function measure(): Promise<void> {
  if (picture && loaded) showMeasuring();
  await withBoth((picture, { classifier }) => classifier.profile(picture), showTimes);
}

async function keep(): Promise<void> {
  await withBoth(
    (picture, { classifier }, signal) => classifier.embed(picture, { signal }),
    (embedding) => {
      kept = embedding;
      showText("likeness", texts.kept);
    },
  );
}

async function showLikeness(source: ImageBitmap, { classifier }: Loaded, signal: AbortSignal): Promise<void> {
  if (kept) showText("likeness", texts.likeness(cosine(kept, await classifier.embed(source, { signal }))));
  else if (classifier.labels.length === 0) showText("likeness", texts.onlyCompares);
}

/** Results of another model are not valid for this one. */
function forgetOtherModel(): void {
  kept = undefined;
  showText("likeness", "");
  showText("agreement", "");
  forgetAttention();
  forgetTimes();
}

async function checkAgreement(): Promise<void> {
  checkButton.disabled = true;
  await withBoth(showAgreement, () => {});
  checkButton.disabled = picture === undefined;
}

async function followCamera(): Promise<void> {
  const wasOn = cameraButton.ariaPressed === "true";
  const signal = startLooking();
  showStatus("");
  byId("preview", HTMLElement).hidden = picture === undefined;
  if (wasOn) return;
  try {
    const video = await openCamera();
    if (signal.aborted) return closeCamera();
    cameraButton.ariaPressed = "true";
    picture = undefined;
    keepButton.disabled = true;
    checkButton.disabled = true;
    byId("live", HTMLElement).hidden = false;
    const lookNow = async () => {
      if (loaded) await look(video, loaded, signal);
    };
    await followFrames(video, lookNow, (pace) => showText("live", texts.pace(pace)), signal);
  } catch (error) {
    if (signal.aborted) return;
    startLooking();
    showStatus("");
    showError(error instanceof DOMException ? texts.noCamera(error.message) : error);
  }
}

async function fetchPicture(address: string): Promise<void> {
  const signal = startLooking();
  showStatus(texts.fetching);
  try {
    const response = await fetch(address, { signal, referrerPolicy: "no-referrer" });
    if (!response.ok) throw new Error(String(response.status));
    const blob = await response.blob();
    await choosePicture(URL.createObjectURL(blob), address.split("/").at(-1) || address, blob);
  } catch (error) {
    if (signal.aborted) return;
    showStatus("");
    showError(texts.unreachable(address, error instanceof Error ? error.message : String(error)));
  }
}

listenForFiles({
  picture: (file) => choosePicture(URL.createObjectURL(file), file.name, file),
  folder: (files) => switchModel(modelOfFiles(files)),
  refuse: () => showError(texts.noPicture),
});
showSamples(choosePicture);
listenForAttention(mapAttention);
listenForTimes(measure);
listenForQuantizing({
  loaded: () => loaded,
  use(model) {
    // What it was calibrated for.
    precision.value = "int8";
    nonlinear.value = "exact";
    void switchModel(model);
  },
});
keepButton.addEventListener("click", keep);
checkButton.addEventListener("click", checkAgreement);
cameraButton.addEventListener("click", followCamera);
byId("cancel", HTMLElement).addEventListener("click", () => loading.abort());
for (const choice of [device, precision, nonlinear])
  choice.addEventListener("change", () => switchModel(loaded?.model ?? modelByName(modelField.value.trim())));
byId("model-form", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  switchModel(modelByName(modelField.value.trim()));
});
byId("address-form", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  fetchPicture(byId("address", HTMLInputElement).value);
});

device.value = address.searchParams.get("device") ?? "auto";
if (device.selectedIndex < 0) device.value = "auto";
modelField.value = address.searchParams.get("model") ?? bundled;
suggestModels().then((names) =>
  byId("models", HTMLElement).append(...names.map((name) => new Option("", name))),
);
if (import.meta.env.PROD) {
  keepWithoutNetwork();
  offerInstalling();
}
await switchModel(modelByName(modelField.value));
