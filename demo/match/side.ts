/** One of the two images: as the model sees it, its patches, and how it is chosen. */
import type { Features, Framing } from "../../src/index.ts";
import { drawSeen } from "../classify/framing.ts";
import { samples } from "../classify/samples.ts";
import { bitmapOf } from "./bitmap.ts";
import { PatchGrid } from "./patch-grid.ts";

export interface Told {
  /** An image was chosen. */
  readonly picture: (side: Side) => void;
  /** A patch was pointed at. */
  readonly patch: (side: Side, patch: number) => void;
  readonly error: (error: unknown) => void;
}

export class Side {
  /** What the page calls it: first or second. */
  readonly name: string;
  picture: ImageBitmap | undefined;
  features: Features | undefined;
  readonly #grid: PatchGrid;
  readonly #seen: HTMLCanvasElement;
  readonly #heat: HTMLCanvasElement;
  readonly #told: Told;
  readonly #choice: HTMLSelectElement;
  /** Counts choices: of two images that are decoded at once, the later choice stays. */
  #choices = 0;

  constructor(element: HTMLElement, name: string, told: Told) {
    this.name = name;
    this.#told = told;
    [this.#seen, this.#heat] = element.querySelectorAll("canvas");
    const patches = element.querySelector<HTMLElement>(".patches")!;
    this.#grid = new PatchGrid(patches, `Patches of the ${name} image`, (patch) => told.patch(this, patch));
    this.#choice = element.querySelector("select")!;
    // Without "Drawing:", which leaves no room for the name on a phone.
    this.#choice.append(...samples.map(([sample]) => new Option(sample.replace(/^\w+: /, ""), sample)));
    this.#choice.addEventListener("change", () => this.chooseSample(this.#choice.value));
    const input = element.querySelector<HTMLInputElement>('input[type="file"]')!;
    input.addEventListener("change", () => {
      const [file] = input.files ?? [];
      input.value = ""; // so that the same file, chosen again, is a change
      if (file) this.chooseFile(file);
    });
  }

  async chooseSample(name: string): Promise<void> {
    this.#choice.value = name;
    await this.#choose(new Map(samples).get(name)!, name);
  }

  async chooseFile(file: File): Promise<void> {
    this.#choice.value = "";
    const address = URL.createObjectURL(file);
    await this.#choose(address, file.name);
    URL.revokeObjectURL(address);
  }

  async #choose(address: string, name: string): Promise<void> {
    const choice = ++this.#choices;
    try {
      const picture = await bitmapOf(address);
      if (choice !== this.#choices) return picture.close();
      this.picture = picture;
      this.features = undefined;
      this.#seen.ariaLabel = `The ${this.name} image as the model sees it: ${name}`;
      this.#told.picture(this);
    } catch {
      if (choice === this.#choices)
        this.#told.error(`${name}: cannot be read as an image. Try a JPEG, PNG or WebP file.`);
    }
  }

  /** The image, and the cells of its patches. */
  show(framing: Framing, features: Features): void {
    this.features = features;
    drawSeen(this.#seen, this.picture!, framing);
    this.#grid.show(features);
    this.showChosen(undefined);
  }

  /** The image whose patch is looked for: no heat, one cell marked. */
  showChosen(patch: number | undefined): void {
    this.#heat.hidden = true;
    this.#grid.mark(patch, "chosen");
  }

  /** Bright where the other image's patch has its like, dark where not. */
  showHeat(values: Float32Array, best: number): void {
    const { width, height } = this.features!;
    this.#heat.width = width;
    this.#heat.height = height;
    const image = new ImageData(width, height);
    const least = Math.min(...values);
    const range = values[best] - least || 1;
    for (const [i, value] of values.entries()) image.data[4 * i + 3] = 225 * (1 - (value - least) / range);
    this.#heat.getContext("2d")!.putImageData(image, 0, 0);
    this.#heat.hidden = false;
    this.#grid.mark(best, "best");
  }
}
