/** Zero-shot models of the Hub that the page suggests, and how much each downloads. */

interface KnownModel {
  readonly id: string;
  /** Of both towers in float32, computed from the architecture. */
  readonly megabytes: number;
}

export const known: readonly KnownModel[] = [
  { id: "wkcn/TinyCLIP-ViT-8M-16-Text-3M-YFCC15M", megabytes: 94 },
  { id: "openai/clip-vit-base-patch32", megabytes: 605 },
  { id: "google/siglip-base-patch16-224", megabytes: 813 },
];

/** What a press on Load would do. */
export function offerOf(name: string, isKept: boolean): string {
  const megabytes = known.find(({ id }) => id === name)?.megabytes;
  if (name === "") return "Name a model.";
  if (isKept) return `${name} is kept in this browser: Load downloads nothing.`;
  const from = /^[\w.-]+\/[\w.-]+$/.test(name) ? " from the Hugging Face Hub" : "";
  const size =
    megabytes === undefined ? "its size is shown when the download starts" : `about ${megabytes} MB`;
  return `Load downloads ${name}${from}: ${size}. Nothing is downloaded before you press it.`;
}
