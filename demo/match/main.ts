/** Two images and the patch features of one model: point at a patch of one, and see where the other has it. */
import type { LoadOptions, LoadProgress } from "../../src/index.ts";
import { droppedFolder } from "../classify/folder.ts";
import {
  bundled,
  type Loaded,
  loadModel,
  type Model,
  modelByName,
  modelOfFiles,
} from "../classify/models.ts";
import { byId, showError, showStatus, showText } from "../classify/page.ts";
import { describeProgress, progressFraction } from "../classify/progress.ts";
import { indexOfGreatest } from "../classify/vectors.ts";
import { families } from "../models/known-models.ts";
import { likeness } from "./match.ts";
import { Side } from "./side.ts";

const address = new URL(location.href);
const root = new URL("../../", document.baseURI).href;
const modelField = byId("model", HTMLInputElement);
const sides = ["first", "second"].map(
  (name) => new Side(byId(name, HTMLElement), name, { picture: look, patch: match, error: showError }),
);
let loaded: Loaded | undefined;
let loading = new AbortController();
let looking = new AbortController();

/** The model in use stays in use until the new one is ready. */
async function switchModel(model: Model): Promise<void> {
  loading.abort();
  loading = new AbortController();
  const { signal } = loading;
  const options = {
    device: (address.searchParams.get("device") ?? "auto") as LoadOptions["device"],
    endpoint: address.searchParams.get("endpoint") ?? undefined,
    precision: "int8",
    nonlinear: "exact",
  } as const;
  showError(undefined);
  try {
    const next = await loadModel(model, options, signal, showProgress);
    if (signal.aborted) return void next.classifier.dispose();
    loaded?.classifier.dispose();
    loaded = next;
  } catch (error) {
    if (signal.aborted) return; // another model is loading by now
    showError(error);
    showStatus(loaded ? `${loaded.model.name} stays in use.` : "");
    return;
  } finally {
    if (!signal.aborted) byId("progress", HTMLElement).hidden = true;
  }
  for (const side of sides) side.features = undefined;
  byId("bundled", HTMLElement).hidden = model.name !== bundled;
  showModelInAddress(model);
  await look();
}

function showProgress(progress: LoadProgress): void {
  const bar = byId("progress", HTMLProgressElement);
  const fraction = progressFraction(progress);
  if (fraction === undefined) bar.removeAttribute("value");
  else bar.value = fraction;
  bar.hidden = false;
  showStatus(describeProgress(progress));
}

/** So that the URL can be shared; a folder cannot. */
function showModelInAddress({ name, source }: Model): void {
  if (typeof source === "string" && name !== bundled) address.searchParams.set("model", name);
  else address.searchParams.delete("model");
  history.replaceState(null, "", address);
}

/** Computes the features of each image that has none yet. */
async function look(): Promise<void> {
  looking.abort();
  looking = new AbortController();
  const { signal } = looking;
  if (!loaded) return; // both images are looked at when the model is there
  const { classifier, model } = loaded;
  showError(undefined);
  showStatus("Computing …");
  showText("match", "");
  try {
    for (const side of sides) {
      if (side.features || !side.picture) continue;
      const features = await classifier.embed(side.picture, { tokens: true, signal });
      if (signal.aborted) return;
      side.show(classifier.framing, features);
    }
    for (const side of sides) side.showChosen(undefined);
    showStatus(`Ready: ${model.name}. Point at a patch, or use Tab and the arrow keys.`);
  } catch (error) {
    if (signal.aborted) return;
    showStatus("");
    showError(error);
  }
}

function match(side: Side, patch: number): void {
  const other = sides.find((each) => each !== side)!;
  if (!side.features || !other.features) return;
  const values = likeness(side.features, patch, other.features);
  const best = indexOfGreatest(values);
  side.showChosen(patch);
  other.showHeat(values, best);
  const [from, to] = [placeOf(patch, side.features.width), placeOf(best, other.features.width)];
  showText(
    "match",
    `${from} of the ${side.name} image: most similar to ${to.toLowerCase()} of the ${other.name}, cosine ${values[best].toFixed(2)}.`,
  );
}

const placeOf = (patch: number, width: number): string =>
  `Row ${Math.floor(patch / width) + 1}, column ${(patch % width) + 1}`;

/** A dropped folder is a model; a dropped image replaces the image under it, or otherwise the second one. */
function listenForDrops(): void {
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    const { dataTransfer, target } = event;
    const folder = dataTransfer && droppedFolder(dataTransfer);
    if (folder) return switchModel(modelOfFiles(await folder));
    const file = [...(dataTransfer?.files ?? [])].find(({ type }) => type.startsWith("image/"));
    const isFirst = byId("first", HTMLElement).contains(target as Node);
    if (file) await sides[isFirst ? 0 : 1].chooseFile(file);
    else showError("Expected an image or a model folder.");
  });
}

listenForDrops();
byId("model-form", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  switchModel(modelByName(modelField.value.trim(), root));
});
byId("open-folder", HTMLElement).addEventListener("click", () => byId("folder", HTMLInputElement).click());
byId("folder", HTMLInputElement).addEventListener("change", ({ target }) => {
  const files = [...((target as HTMLInputElement).files ?? [])];
  if (files.length > 0) switchModel(modelOfFiles(files));
});
const dino = families.filter(({ name }) => name.startsWith("DINO")).flatMap(({ models }) => models);
byId("models", HTMLElement).append(...[bundled, ...dino.map(({ id }) => id)].map((id) => new Option("", id)));
modelField.value = address.searchParams.get("model") ?? bundled;
const model = switchModel(modelByName(modelField.value, root));
await sides[0].chooseSample("Drawing: ladybug");
await sides[1].chooseSample("Drawing: pizza");
await model;
