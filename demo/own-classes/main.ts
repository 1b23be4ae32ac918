/** One image and classes by their names: the image is embedded once, and each text once. */
import { byId, showError, showPicture, showText } from "../classify/page.ts";
import { showSamples } from "../classify/samples.ts";
import { bitmapOf } from "../match/bitmap.ts";
import { ChipList, percent } from "./chip-list.ts";
import { listenForImages } from "./inputs.ts";
import { type Loaded, listenForModel } from "./model.ts";
import { type Scores, Scoring } from "./scoring.ts";

/** Without a key for so long, a class is taken for typed. */
const TYPING_MS = 120;

let loaded: Loaded | undefined;
let image: ImageBitmap | undefined;
let looking = new AbortController();
let typing: ReturnType<typeof setTimeout> | undefined;

const scoring = new Scoring(show);
const chips = new ChipList(byId("chips", HTMLElement), ["a ladybug", "a pizza", "a boat"], () => {
  clearTimeout(typing);
  typing = setTimeout(computeTexts, TYPING_MS);
});

function show(scores: Scores): void {
  chips.show(scores);
  const [best] = [...scores].sort(([, a], [, b]) => b - a);
  showText("best", best ? `Best: ${best[0]}, ${percent(best[1])}.` : "");
}

const computeTexts = (): Promise<void> => scoring.setLabels(chips.labels).catch(showError);

async function useModel(model: Loaded): Promise<void> {
  loaded = model;
  scoring.setTower(model.classifier);
  await Promise.all([computeTexts(), look()]);
}

/** Another image: whatever was looked at before no longer is. */
function startLooking(): AbortSignal {
  looking.abort();
  looking = new AbortController();
  showError(undefined);
  return looking.signal;
}

async function choose(address: string, name: string): Promise<void> {
  const signal = startLooking();
  try {
    await showPicture(address, name);
    const bitmap = await bitmapOf(address);
    if (signal.aborted) return bitmap.close();
    image = bitmap;
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
    const embedding = await classifier.embedImage(image, { signal });
    if (!signal.aborted && classifier === loaded.classifier) scoring.setImage(embedding);
  } catch (error) {
    if (!signal.aborted && classifier === loaded.classifier) showError(error);
  }
}

listenForImages(
  (file) => choose(URL.createObjectURL(file), file.name),
  () => showError("That is not an image. Choose a JPEG, PNG or WebP file."),
);
showSamples(choose);
byId("add", HTMLElement).addEventListener("click", () => chips.add());
listenForModel({ named: () => {}, loaded: useModel });
