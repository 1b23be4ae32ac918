/** Images as they come from a person: chosen, dropped or pasted. */
import { byId } from "../classify/page.ts";

export function listenForImages(take: (file: File) => void, refuse: () => void): void {
  const takeFirst = (files: FileList | null | undefined) => {
    if (!files?.length) return;
    const image = [...files].find(({ type }) => type.startsWith("image/"));
    if (image) take(image);
    else refuse();
  };
  const input = byId("file", HTMLInputElement);
  input.addEventListener("change", () => {
    takeFirst(input.files);
    input.value = ""; // so that the same file, chosen again, is a change
  });
  document.addEventListener("paste", (event) => takeFirst(event.clipboardData?.files));
  const drop = byId("drop", HTMLElement);
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  document.addEventListener("dragleave", () => drop.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    takeFirst(event.dataTransfer?.files);
  });
}
