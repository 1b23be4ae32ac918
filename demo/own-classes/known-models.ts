/** Zero-shot models of the Hub that the page suggests, and what the download of each takes. */

interface KnownModel {
  readonly id: string;
  /** Of model.safetensors with both towers, in MB. */
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
  const size = megabytes === undefined ? "its size is shown when the download starts" : `${megabytes} MB`;
  return `Load downloads ${name}${from}: ${size}. Nothing is downloaded before you press it.`;
}
