/** Images and model folders from the user: chosen, dropped, pasted, or by URL. */
import { droppedFolder } from "./folder.ts";
import { byId } from "./page.ts";

interface Takers {
  readonly picture: (file: File) => void;
  readonly folder: (files: File[]) => void;
  /** Called for input that is neither. */
  readonly refuse: () => void;
}

export function listenForFiles(takers: Takers): void {
  const take = (files: FileList | null | undefined) => {
    if (!files?.length) return;
    const picture = [...files].find((file) => file.type.startsWith("image/"));
    if (picture) takers.picture(picture);
    else takers.refuse();
  };
  listenForChoices("file", take);
  listenForChoices("folder", (files) => files?.length && takers.folder([...files]));
  byId("open-folder", HTMLElement).addEventListener("click", () => byId("folder", HTMLInputElement).click());
  document.addEventListener("paste", (event) => take(event.clipboardData?.files));
  listenForDrops(async (transfer) => {
    const folder = droppedFolder(transfer);
    if (folder) takers.folder(await folder);
    else take(transfer.files);
  });
}

function listenForChoices(id: string, take: (files: FileList | null) => void): void {
  const input = byId(id, HTMLInputElement);
  input.addEventListener("change", () => {
    take(input.files);
    input.value = ""; // so that the same file, chosen again, is a change
  });
}

/** The whole page takes a drop: a browser would leave it to show the file. */
function listenForDrops(take: (transfer: DataTransfer) => void): void {
  const drop = byId("drop", HTMLElement);
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  document.addEventListener("dragleave", () => drop.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer) take(event.dataTransfer);
  });
}
