/** Images from the user: one to classify, or many to index; chosen, dropped or pasted. */
import { byId } from "../classify/page.ts";

/** A file, and where it was in what was chosen. */
export interface FileAt {
  readonly path: string;
  readonly file: File;
}

interface Takers {
  readonly one: (file: File) => void;
  readonly many: (files: readonly FileAt[]) => void;
  /** Called for input that is not an image. */
  readonly refuse: () => void;
}

export function listenForImages({ one, many, refuse }: Takers): void {
  const take = (files: readonly FileAt[]) => {
    const [first, ...others] = files.filter(({ file }) => file.type.startsWith("image/"));
    if (others.length > 0) many(files);
    else if (first) one(first.file);
    else refuse();
  };
  listenForChoices("file", take);
  listenForChoices("folder", many);
  listenForChoices("images", many);
  for (const id of ["folder", "images"])
    byId(`choose-${id}`, HTMLElement).addEventListener("click", () => byId(id, HTMLElement).click());
  document.addEventListener("paste", ({ clipboardData }) => {
    if (clipboardData?.files.length) take(chosen(clipboardData.files));
  });
  listenForDrops((files, isFolder) => (isFolder ? many(files) : take(files)));
}

const chosen = (files: Iterable<File>): FileAt[] =>
  [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));

function listenForChoices(id: string, take: (files: readonly FileAt[]) => void): void {
  const input = byId(id, HTMLInputElement);
  input.addEventListener("change", () => {
    const files = chosen(input.files ?? []);
    input.value = ""; // so that the same file, chosen again, is a change
    if (files.length > 0) take(files);
  });
}

/** The whole page takes a drop: a browser would leave it to show the file. */
function listenForDrops(take: (files: readonly FileAt[], isFolder: boolean) => void): void {
  const drop = byId("drop", HTMLElement);
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  document.addEventListener("dragleave", () => drop.classList.remove("over"));
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    // Entries can be read now and not later.
    const items = [...(event.dataTransfer?.items ?? [])];
    const entries = items.flatMap((item) => item.webkitGetAsEntry() ?? []);
    const files = await Promise.all(entries.map(filesIn));
    take(
      files.flat(),
      entries.some(({ isDirectory }) => isDirectory),
    );
  });
}

/** Also of the folders inside a folder. */
async function filesIn(entry: FileSystemEntry): Promise<FileAt[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    return [{ path: entry.fullPath.slice(1), file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const files: FileAt[] = [];
  // A reader returns a hundred entries at a time, and none at the end.
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (entries.length === 0) return files;
    for (const inside of entries) files.push(...(await filesIn(inside)));
  }
}
