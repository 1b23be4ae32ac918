/** The page: one model, one picture, and the names that the one gives to the other. */
import { ImageClassifier, UnsupportedDeviceError } from "../../src/index.ts";
import { bundled, modelAddress, suggestModels } from "./models.ts";
import {
  byId,
  showError,
  showPicture,
  showProgress,
  showReport,
  showResults,
  showStatus,
  showUnsupported,
} from "./page.ts";
import { listenForPictures, showSamples } from "./pictures.ts";
import { texts } from "./texts.ts";

let classifier: ImageClassifier | undefined;
let model: string | undefined;
let picture: Blob | HTMLImageElement | undefined;
let loading = new AbortController();
let classifying = new AbortController();

/** The model in use stays in use until the new one is ready. */
async function switchModel(name: string): Promise<void> {
  loading.abort();
  loading = new AbortController();
  const { signal } = loading;
  showError(undefined);
  showProgress({ stage: "download" });
  try {
    const loaded = await ImageClassifier.load(modelAddress(name), { onProgress: showProgress, signal });
    if (signal.aborted) return loaded.dispose();
    classifier?.dispose();
    classifier = loaded;
    model = name;
  } catch (error) {
    if (signal !== loading.signal) return; // another model is loading by now
    showProgress(undefined);
    showStatus(signal.aborted ? texts.cancelled(model) : "");
    if (signal.aborted) return;
    showError(error);
    if (error instanceof UnsupportedDeviceError) showUnsupported();
    return;
  }
  showProgress(undefined);
  showReport(classifier.report);
  byId("honesty", HTMLElement).textContent = name === bundled ? texts.bundledModel : texts.otherModel;
  if (picture) await classify(picture);
  else showStatus(texts.readyForPicture);
}

async function classify(source: Blob | HTMLImageElement): Promise<void> {
  picture = source;
  showError(undefined);
  if (!classifier) return; // it will be classified when the model is there
  classifying.abort();
  classifying = new AbortController();
  const { signal } = classifying;
  showStatus(texts.looking);
  try {
    const start = performance.now();
    const results = await classifier.classify(source, { topK: 5, signal });
    showStatus(texts.answered(performance.now() - start));
    showResults(results);
    showReport(classifier.report);
  } catch (error) {
    if (signal.aborted) return;
    showStatus("");
    showResults([]);
    showError(error);
  }
}

async function choosePicture(address: string, name: string, file?: File): Promise<void> {
  const image = await showPicture(address, name).catch(() => undefined);
  if (file) await classify(file);
  else if (image) await classify(image);
}

listenForPictures(
  (file) => choosePicture(URL.createObjectURL(file), file.name, file),
  () => showError(texts.noPicture),
);
showSamples(choosePicture);
byId("cancel", HTMLElement).addEventListener("click", () => loading.abort());
byId("model-form", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  switchModel(byId("model", HTMLInputElement).value.trim());
});

byId("model", HTMLInputElement).value = bundled;
const names = await suggestModels();
byId("models", HTMLElement).append(...names.map((name) => new Option("", name)));
await switchModel(bundled);
