/** One image and classes by their names, and the search in an index of images: each image is embedded once, and each text. */
import { keepWithoutNetwork } from "../classify/offline.ts";
import { byId, showError, showPicture, showText } from "../classify/page.ts";
import { showSamples } from "../classify/samples.ts";
import { texts } from "../classify/texts.ts";
import { bitmapOf } from "../match/bitmap.ts";
import { CameraPanel } from "./camera-panel.ts";
import { ChipList } from "./chip-list.ts";
import { ImageIndex } from "./image-index.ts";
import { IndexPanel } from "./index-panel.ts";
import { type FileAt, listenForImages } from "./inputs.ts";
import { type Loaded, listenForModel } from "./model.ts";
import { type Scores, Scoring } from "./scoring.ts";
import { SearchPanel } from "./search-panel.ts";

/** Without a key for so long, a class is taken for typed. */
const TYPING_MS = 120;
/** So many classes are ready before anybody would read how many are. */
const SOON = 16;

let loaded: Loaded | undefined;
let index: ImageIndex | undefined;
/** The model whose index is needed. */
let wanted: string | undefined;
/** As the page calls it. */
let image: { readonly name: string; readonly bitmap: ImageBitmap } | undefined;
let embedding: Float32Array | undefined;
let looking = new AbortController();
let typing: ReturnType<typeof setTimeout> | undefined;

const scoring = new Scoring(show);
const chips = new ChipList(byId("chips", HTMLElement), ["a ladybug", "a pizza", "a boat"], () => {
  clearTimeout(typing);
  typing = setTimeout(computeTexts, TYPING_MS);
});

const camera = new CameraPanel({ start: startLooking, frame: lookAtFrame, fail: showError });
const search = new SearchPanel();
const indexing = new IndexPanel((isLast) => search.grown(isLast));
const byImage = byId("by-image", HTMLButtonElement);

function show(scores: Scores): void {
  chips.show(scores);
  if (camera.isOn) camera.show(scores, chips.labels);
  const [best] = [...scores].sort(([, a], [, b]) => b - a);
  // Isolated, so that an Arabic class does not turn the number round.
  showText("best", best ? `Best: \u2068${best[0]}\u2069, ${texts.percent(best[1])}.` : "");
}

const computeTexts = (): Promise<void> => scoring.setLabels(chips.labels, tellTexts).catch(showError);

function tellTexts(done: number, total: number): void {
  const isLong = total - done > SOON;
  showText(
    "texts",
    isLong ? `${done.toLocaleString("en")} of ${total.toLocaleString("en")} classes are ready.` : "",
  );
}

async function useModel(model: Loaded): Promise<void> {
  loaded = model;
  forgetEmbedding();
  scoring.setTower(model.classifier);
  await Promise.all([openIndex(model.name), computeTexts(), look()]);
}

/** What was indexed with a model before is there before the model is. */
async function openIndex(name: string): Promise<void> {
  wanted = name;
  await indexing.stop();
  try {
    const opened = await ImageIndex.open(name);
    if (wanted !== name) return; // another one is opening by now
    index = opened;
    search.use(index, loaded);
  } catch (error) {
    showError(error, "index-error");
  }
}

async function indexFiles(files: readonly FileAt[]): Promise<void> {
  if (loaded && index) await indexing.add(files, loaded, index);
  else showError("Load the model before you index images.", "index-error");
}

async function forgetIndex(): Promise<void> {
  await indexing.stop();
  await index?.clear();
  search.grown(true);
}

/** Another image: whatever was looked at before no longer is. */
function startLooking(): AbortSignal {
  looking.abort();
  looking = new AbortController();
  camera.close();
  showError(undefined);
  forgetEmbedding();
  return looking.signal;
}

function forgetEmbedding(): void {
  embedding = undefined;
  byImage.disabled = true;
  scoring.setImage(undefined);
}

async function choose(address: string, name: string): Promise<void> {
  const signal = startLooking();
  try {
    await showPicture(address, name);
    const bitmap = await bitmapOf(address);
    if (signal.aborted) return bitmap.close();
    image = { name, bitmap };
  } catch {
    if (!signal.aborted) showError(`${name}: cannot be read as an image. Choose a JPEG, PNG or WebP file.`);
    return;
  }
  await look();
}

async function look(): Promise<void> {
  if (!loaded || !image) return; // it is looked at when both are there
  const { signal } = looking;
  const { classifier } = loaded;
  try {
    const seen = await classifier.embedImage(image.bitmap, { signal });
    if (signal.aborted || classifier !== loaded.classifier) return;
    embedding = seen;
    byImage.disabled = false;
    scoring.setImage(seen);
  } catch (error) {
    if (!signal.aborted && classifier === loaded.classifier) showError(error);
  }
}

/** Its scores are for the classes that are computed by then: a frame waits for no text. */
async function lookAtFrame(video: HTMLVideoElement, signal: AbortSignal): Promise<void> {
  image = undefined;
  if (!loaded) return;
  const { classifier } = loaded;
  const isCurrent = () => !signal.aborted && classifier === loaded?.classifier;
  try {
    const seen = await classifier.embedImage(video, { signal });
    if (isCurrent()) scoring.setImage(seen);
  } catch (error) {
    if (isCurrent()) throw error;
  }
}

listenForImages({
  one: (file) => choose(URL.createObjectURL(file), file.name),
  many: indexFiles,
  refuse: () => showError("That is not an image. Choose a JPEG, PNG or WebP file."),
});
byImage.addEventListener("click", () => search.searchImage({ name: image!.name, embedding: embedding! }));
byId("forget", HTMLElement).addEventListener("click", forgetIndex);
showSamples(choose);
byId("add", HTMLElement).addEventListener("click", () => chips.add());
listenForModel({
  named: (name) => {
    if (!loaded) void openIndex(name);
  },
  loaded: useModel,
});
if (import.meta.env.PROD) keepWithoutNetwork(new URL("../../", document.baseURI).href);
