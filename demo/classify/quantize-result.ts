/** The result of quantizing: bytes before and after, and the distance of the new model from float, image by image. */
import { byId, showText, textElement } from "./page.ts";
import type { Difference, Quantized } from "./quantize-worker.ts";
import { texts } from "./texts.ts";

const section = byId("quantize-result", HTMLElement);
const save = byId("quantize-save", HTMLAnchorElement);

export function forgetResult(): void {
  section.hidden = true;
  URL.revokeObjectURL(save.href);
}

/** `name` is that of the folder, and of the file to save. */
export function showResult(name: string, { zip, differences }: Quantized): void {
  showText("quantize-name", name);
  save.href = URL.createObjectURL(zip);
  save.download = `${name}.zip`;
  save.textContent = texts.quantizing.save(zip.size);
  byId("quantize-table", HTMLTableElement).tBodies[0].replaceChildren(...differences.map(rowOf));
  section.hidden = false;
}

/** In a sentence or two. */
export function summaryOf({ floatByteLength, byteLength, differences }: Quantized): string {
  const cosines = differences.map(({ cosine }) => cosine);
  const named = differences.flatMap(({ names }) => names ?? []);
  return texts.quantizing.summary({
    floatByteLength,
    byteLength,
    pictures: differences.length,
    same: named.length > 0 ? named.filter(({ float, quantized }) => float === quantized).length : undefined,
    mean: cosines.reduce((sum, cosine) => sum + cosine) / cosines.length,
    least: Math.min(...cosines),
  });
}

function rowOf({ picture, names, cosine }: Difference): HTMLElement {
  const head = textElement("th", "", picture);
  head.setAttribute("scope", "row");
  const row = document.createElement("tr");
  const words = [names?.float ?? "", names?.quantized ?? "", texts.quantizing.cosine(cosine)];
  row.append(head, ...words.map((text) => textElement("td", "", text)));
  if (names && names.float !== names.quantized) row.className = "differs";
  return row;
}
