/** Where the model looks, laid over what it sees: one map at a time, dark where it does not look. */
import type { AttentionMap } from "../../src/index.ts";
import { byId, showText, textElement } from "./page.ts";
import { texts } from "./texts.ts";

const button = byId("attention", HTMLButtonElement);
const overlay = byId("map", HTMLCanvasElement);
const chooser = byId("maps", HTMLElement);

let current: AttentionMap | undefined;

export const wantsAttention = (): boolean => button.ariaPressed === "true";

/** Calls `look` for a map whenever the user opens it. */
export function listenForAttention(look: () => void): void {
  button.addEventListener("click", () => {
    button.ariaPressed = String(!wantsAttention());
    byId("attention-maps", HTMLElement).hidden = !wantsAttention();
    if (wantsAttention()) look();
    else forgetAttention();
  });
  chooser.addEventListener("change", showChosen);
}

export function forgetAttention(): void {
  current = undefined;
  overlay.hidden = true;
  showText("map-words", "");
}

export function showAttention(map: AttentionMap): void {
  current = map;
  const maps = mapsOf(map);
  if (chooser.children.length !== maps.length) chooser.replaceChildren(...maps.map(newChoice));
  for (const [i, thumbnail] of chooser.querySelectorAll("canvas").entries())
    draw(thumbnail, maps[i].values, map);
  showChosen();
}

function showChosen(): void {
  if (!current) return;
  const maps = mapsOf(current);
  const chosen = maps[[...chooser.querySelectorAll("input")].findIndex(({ checked }) => checked)] ?? maps[0];
  draw(overlay, chosen.values, current);
  overlay.hidden = false;
  const words = texts.attention(chosen.name, Math.max(...chosen.values), chosen.values.length);
  overlay.ariaLabel = words;
  showText("map-words", words);
}

interface NamedMap {
  readonly name: string;
  readonly values: Float32Array;
}

function mapsOf({ rollout, heads }: AttentionMap): NamedMap[] {
  return [
    { name: texts.rollout, values: rollout },
    ...heads.map((values, i) => ({ name: texts.head(i + 1), values })),
  ];
}

/** A radio button with a small image of its map. */
function newChoice({ name }: NamedMap, i: number): HTMLElement {
  const radio = Object.assign(document.createElement("input"), {
    type: "radio",
    name: "map",
    checked: i === 0,
  });
  const thumbnail = document.createElement("canvas");
  thumbnail.ariaHidden = "true";
  const label = document.createElement("label");
  label.append(radio, thumbnail, textElement("span", "", name));
  return label;
}

/** One pixel a patch, which the page makes as large as the image: black, and clear where the map is at its greatest. */
function draw(canvas: HTMLCanvasElement, values: Float32Array, { width, height }: AttentionMap): void {
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height);
  const greatest = Math.max(...values);
  for (const [i, value] of values.entries()) image.data[4 * i + 3] = 225 * (1 - value / greatest);
  canvas.getContext("2d")?.putImageData(image, 0, 0);
}
