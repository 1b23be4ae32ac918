/** What the page shows; it knows nothing of models. */
import type { Classification, LoadProgress, Report } from "../../src/index.ts";
import { describeProgress, progressFraction } from "./progress.ts";
import { page, texts } from "./texts.ts";

/** The element with this id, which index.html has. */
export function byId<T extends HTMLElement>(id: string, type: abstract new () => T): T {
  const element = document.getElementById(id);
  if (element instanceof type) return element;
  throw new Error(`index.html has no ${type.name} #${id}`);
}

export function showText(id: string, text: string): void {
  byId(id, HTMLElement).textContent = text;
}

export const showStatus = (text: string): void => showText("status", text);

export function showError(error: unknown, id = "error"): void {
  const element = byId(id, HTMLElement);
  element.hidden = error === undefined;
  element.textContent = error instanceof Error ? error.message : String(error ?? "");
}

/** The bar and its words; `undefined` takes the bar away. */
export function showProgress(progress: LoadProgress | undefined): void {
  const bar = byId("progress", HTMLProgressElement);
  bar.hidden = progress === undefined;
  byId("cancel", HTMLElement).hidden = progress === undefined;
  if (!progress) return;
  const fraction = progressFraction(progress);
  if (fraction === undefined) bar.removeAttribute("value");
  else bar.value = fraction;
  showStatus(describeProgress(progress));
}

export async function showPicture(address: string, name: string): Promise<HTMLImageElement> {
  const image = byId("preview", HTMLImageElement);
  if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
  image.src = address;
  image.alt = name;
  image.hidden = false;
  await image.decode();
  return image;
}

/** Rows stay where they are and get new words: a bar that changes its width moves there. */
export function showResults(results: readonly Classification[]): void {
  const list = byId("results", HTMLElement);
  while (list.children.length > results.length) list.lastElementChild?.remove();
  for (const [i, result] of results.entries())
    fillRow(list.children[i] ?? list.appendChild(newRow()), result);
}

/** What this model cannot be computed in is not offered, with the reason. */
export function showPrecisions({ checkpoint, precision }: Report): void {
  const select = byId("precision", HTMLSelectElement);
  const float = [...select.options].find(({ value }) => value === "float32")!;
  float.disabled = checkpoint === "quantized";
  float.textContent = float.disabled ? texts.noFloat32 : page.float32;
  select.value = precision;
}

/** Why the model runs on the CPU, and on demand how to use the GPU. */
export function showWithoutGpu({ backend, advice }: Report): void {
  const section = byId("unsupported", HTMLElement);
  section.hidden = backend === "webgpu";
  if (section.hidden) return;
  const list = document.createElement("ul");
  list.append(...texts.withWebGpu.map((text) => textElement("li", "", text)));
  const remedies = [advice!.remedy, texts.noWebGpu].filter((text) => text !== "");
  const details = document.createElement("details");
  details.append(textElement("summary", "", texts.useGpu));
  details.append(...remedies.map((text) => textElement("p", "", text)), list);
  section.replaceChildren(textElement("p", "", advice!.reason), details);
}

function newRow(): HTMLElement {
  const track = textElement("span", "track", "");
  track.append(textElement("span", "bar", ""));
  const row = document.createElement("li");
  row.append(textElement("span", "label", ""), textElement("span", "score", ""), track);
  return row;
}

function fillRow(row: Element, result: Classification): void {
  const [name, percent, track] = row.children;
  name.textContent = result.label.trim() === "" ? texts.noLabel(result.index) : result.label;
  percent.textContent = texts.percent(result.score);
  (track.firstElementChild as HTMLElement).style.width = `${100 * result.score}%`;
}

export function textElement(tag: string, className: string, text: string): HTMLElement {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}
