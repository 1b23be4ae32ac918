/** The images that a model is calibrated on: chosen, dropped on the section, or the page's own photographs. */
import { droppedFolder } from "./folder.ts";
import { byId, showText } from "./page.ts";
import { photographs } from "./samples.ts";
import { texts } from "./texts.ts";

/** A few are requested; more would take long and change little. */
const MOST = 64;

let chosen: File[] = [];

export function listenForOwnPictures(): void {
  const input = byId("quantize-pictures", HTMLInputElement);
  input.addEventListener("change", () => choose([...(input.files ?? [])]));
  const section = byId("quantize", HTMLElement);
  section.addEventListener("drop", async (event) => {
    const { dataTransfer } = event;
    if (!dataTransfer) return;
    event.preventDefault();
    event.stopPropagation(); // elsewhere on the page an image is one to name, and a folder a model
    const files = [...dataTransfer.files];
    choose((await droppedFolder(dataTransfer)) ?? files);
  });
  choose([]);
}

function choose(files: File[]): void {
  const pictures = files.filter(({ type }) => type.startsWith("image/"));
  chosen = pictures.slice(0, MOST);
  const { own, ownPhotographs } = texts.quantizing;
  const names = chosen.map(({ name }) => name);
  showText("quantize-chosen", chosen.length > 0 ? own(names, pictures.length) : ownPhotographs);
}

/** As files of their names. */
export async function calibrationPictures(): Promise<File[]> {
  if (chosen.length > 0) return chosen;
  return Promise.all(
    Object.entries(photographs).map(async ([name, address]) => {
      const blob = await (await fetch(address)).blob();
      return new File([blob], name, { type: blob.type });
    }),
  );
}
