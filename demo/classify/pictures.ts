import { byId } from "./page.ts";
import { texts } from "./texts.ts";

const samples = import.meta.glob<string>("./samples/*.svg", {
  eager: true,
  query: "?url&no-inline",
  import: "default",
});

/** Calls `choose` with every picture that the person chooses, drops or pastes, and `refuse` for what is none. */
export function listenForPictures(choose: (file: File) => void, refuse: () => void): void {
  const take = (files: FileList | null | undefined) => {
    if (!files?.length) return;
    const picture = [...files].find((file) => file.type.startsWith("image/"));
    if (picture) choose(picture);
    else refuse();
  };
  const input = byId("file", HTMLInputElement);
  input.addEventListener("change", () => {
    take(input.files);
    input.value = ""; // so that the same file, chosen again, is a change
  });
  document.addEventListener("paste", (event) => take(event.clipboardData?.files));
  const drop = byId("drop", HTMLElement);
  // The whole page takes a drop: a browser would leave it to show the file.
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  document.addEventListener("dragleave", () => drop.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    take(event.dataTransfer?.files);
  });
}

/** Puts the drawings under the picture; `choose` gets the address of the one that is pressed. */
export function showSamples(choose: (address: string, name: string) => void): void {
  for (const [file, address] of Object.entries(samples)) {
    const name = file.replace(/^.*\/|\.svg$/g, "").replaceAll("-", " ");
    const image = Object.assign(new Image(384, 384), { src: address, alt: texts.sample(name) });
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.append(image);
    button.addEventListener("click", () => choose(address, name));
    const item = document.createElement("li");
    item.append(button);
    byId("samples", HTMLElement).append(item);
  }
}
