/** The page: one model, one picture, and the names that the one gives to the other. */
import { ImageClassifier, UnsupportedDeviceError, UnsupportedModelError } from "../../src/index.ts";
import { closeCamera, followFrames, openCamera } from "./camera.ts";
import { showSeen } from "./framing.ts";
import { bundled, type Model, modelByName, modelOfFiles, suggestModels } from "./models.ts";
import {
  byId,
  showError,
  showPicture,
  showProgress,
  showReport,
  showResults,
  showStatus,
  showText,
  showUnsupported,
} from "./page.ts";
import { listenForFiles } from "./pictures.ts";
import { recorded } from "./recorded.ts";
import { drawingAddress, showSamples } from "./samples.ts";
import { texts } from "./texts.ts";
import { cosine, indexOfGreatest } from "./vectors.ts";

interface Loaded {
  readonly model: Model;
  readonly classifier: ImageClassifier;
}

let loaded: Loaded | undefined;
/** Decoded, as the page shows it. */
let picture: ImageBitmap | undefined;
/** What the next pictures are compared with. */
let kept: Float32Array | undefined;
let loading = new AbortController();
let looking = new AbortController();

const keepButton = byId("keep", HTMLButtonElement);
const checkButton = byId("check", HTMLButtonElement);
const cameraButton = byId("camera", HTMLButtonElement);

/** The model in use stays in use until the new one is ready. */
async function switchModel(model: Model): Promise<void> {
  loading.abort();
  loading = new AbortController();
  const { signal } = loading;
  showError(undefined);
  showProgress({ stage: "download" });
  try {
    const next = await load(model, signal);
    if (signal.aborted) return void next.classifier.dispose();
    loaded?.classifier.dispose();
    loaded = next;
  } catch (error) {
    if (signal !== loading.signal) return; // another model is loading by now
    showProgress(undefined);
    showStatus(signal.aborted ? texts.cancelled(loaded?.model.name) : "");
    if (signal.aborted) return;
    showError(error);
    if (error instanceof UnsupportedDeviceError) showUnsupported(drawingAddress(recorded.name));
    return;
  }
  showProgress(undefined);
  showReport(loaded.classifier.report);
  forgetKept();
  showText("honesty", model.name === bundled ? texts.bundledModel : texts.otherModel);
  if (picture) await lookAt(picture);
  else if (cameraButton.ariaPressed !== "true") showStatus(texts.readyForPicture);
}

async function load(model: Model, signal: AbortSignal): Promise<Loaded> {
  // The worker would say the same, later and in its own words.
  if (!navigator.gpu) throw new UnsupportedDeviceError(texts.noWebGpuError);
  const options = { onProgress: showProgress, signal, worker: true };
  const classifier = await ImageClassifier.load(model.source, options);
  return { model, classifier };
}

/** Another picture: whatever was looked at before no longer is. */
function startLooking(): AbortSignal {
  looking.abort();
  looking = new AbortController();
  closeCamera();
  cameraButton.ariaPressed = "false";
  byId("live", HTMLElement).hidden = true;
  showText("agreement", "");
  showError(undefined);
  if (loaded) showStatus(texts.looking);
  return looking.signal;
}

async function choosePicture(address: string, name: string, file?: Blob): Promise<void> {
  const signal = startLooking();
  try {
    const image = await showPicture(address, name);
    const bitmap = await createImageBitmap(file && file.type !== "image/svg+xml" ? file : image, asStored);
    if (!signal.aborted) await lookAt(bitmap);
  } catch {
    if (signal.aborted) return;
    picture = undefined;
    showResults([]);
    showStatus("");
    showError(texts.unreadable(name));
  }
}

/** As vit8 decodes a file: upright, straight alpha, no colour profile applied. */
const asStored = { premultiplyAlpha: "none", colorSpaceConversion: "none" } as const;

async function lookAt(source: ImageBitmap): Promise<void> {
  picture = source;
  if (!loaded) return; // it will be looked at when the model is there
  const { signal } = looking;
  showStatus(texts.looking);
  try {
    const start = performance.now();
    await look(source, loaded, signal);
    showStatus(texts.answered(performance.now() - start));
    await showLikeness(source, loaded, signal);
    keepButton.disabled = false;
    checkButton.disabled = false;
  } catch (error) {
    if (signal.aborted) return;
    showStatus("");
    showResults([]);
    showError(error);
  }
}

/** Names what is there; a model without names says what it does instead. */
async function look(
  source: ImageBitmap | HTMLVideoElement,
  { classifier }: Loaded,
  signal: AbortSignal,
): Promise<void> {
  const results = classifier.labels.length > 0 ? await classifier.classify(source, { topK: 5, signal }) : [];
  if (signal.aborted) return;
  showSeen(source, classifier.framing);
  showResults(results);
  showReport(classifier.report);
}

async function showLikeness(source: ImageBitmap, { classifier }: Loaded, signal: AbortSignal): Promise<void> {
  if (kept) showText("likeness", texts.likeness(cosine(kept, await classifier.embed(source, { signal }))));
  else if (classifier.labels.length === 0) showText("likeness", texts.onlyCompares);
}

async function keep(): Promise<void> {
  if (!loaded || !picture) return;
  kept = await loaded.classifier.embed(picture);
  showText("likeness", texts.kept);
}

function forgetKept(): void {
  kept = undefined;
  showText("likeness", "");
  showText("agreement", "");
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

/** The same picture by the same model in float: what int8 costs, here and now. */
async function compareWithFloat(): Promise<void> {
  if (!loaded || !picture) return;
  const { classifier, model } = loaded;
  const { signal } = looking;
  checkButton.disabled = true;
  showText("agreement", texts.loadingFloat);
  try {
    const reference = await ImageClassifier.load(model.source, {
      precision: "float32",
      signal,
      worker: true,
    });
    try {
      const method = classifier.labels.length > 0 ? "logits" : "embed";
      const [int8, float] = [
        await classifier[method](picture, { signal }),
        await reference[method](picture, { signal }),
      ];
      const same = indexOfGreatest(int8) === indexOfGreatest(float);
      showText("agreement", texts.agreement(cosine(int8, float), method === "logits" ? same : undefined));
    } finally {
      await reference.dispose();
    }
  } catch (error) {
    if (signal.aborted) return;
    showText("agreement", error instanceof UnsupportedModelError ? texts.noFloat : String(error));
  } finally {
    checkButton.disabled = picture === undefined;
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
keepButton.addEventListener("click", keep);
checkButton.addEventListener("click", compareWithFloat);
cameraButton.addEventListener("click", followCamera);
byId("cancel", HTMLElement).addEventListener("click", () => loading.abort());
byId("model-form", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  switchModel(modelByName(byId("model", HTMLInputElement).value.trim()));
});
byId("address-form", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  fetchPicture(byId("address", HTMLInputElement).value);
});

byId("model", HTMLInputElement).value = bundled;
suggestModels().then((names) =>
  byId("models", HTMLElement).append(...names.map((name) => new Option("", name))),
);
if (import.meta.env.PROD && "serviceWorker" in navigator)
  navigator.serviceWorker.register(new URL("service-worker.js", document.baseURI)).catch(console.warn);
await switchModel(modelByName(bundled));
