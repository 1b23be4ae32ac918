/** The patches of an image as a grid of cells over it: a pointer or the arrow keys choose one. */
import { type Direction, type Grid, step } from "./match.ts";

const KEYS: readonly string[] = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];

export class PatchGrid {
  readonly #element: HTMLElement;
  #grid: Grid = { width: 0, height: 0 };
  #cells: HTMLElement[] = [];

  /** `choose` gets the number of each patch that is pointed at or gets the focus. */
  constructor(element: HTMLElement, label: string, choose: (patch: number) => void) {
    this.#element = element;
    element.role = "grid";
    element.ariaLabel = label;
    element.addEventListener("pointerover", ({ target }) => this.#tell(target, choose));
    // A finger that stays down moves over cells, and they get no pointerover.
    element.addEventListener("pointermove", ({ pointerType, clientX, clientY }) => {
      if (pointerType === "touch") this.#tell(document.elementFromPoint(clientX, clientY), choose);
    });
    element.addEventListener("focusin", ({ target }) => this.#tell(target, choose));
    element.addEventListener("keydown", (event) => this.#followKey(event));
  }

  #tell(target: EventTarget | null, choose: (patch: number) => void): void {
    const patch = this.#cells.indexOf(target as HTMLElement);
    if (patch >= 0) choose(patch);
  }

  #followKey(event: KeyboardEvent): void {
    const patch = this.#cells.indexOf(event.target as HTMLElement);
    if (patch < 0 || !KEYS.includes(event.key)) return;
    event.preventDefault();
    this.#cells[step(patch, this.#grid, event.key as Direction)].focus();
  }

  /** Other cells, where the grid is another one. */
  show(grid: Grid): void {
    if (grid.width === this.#grid.width && grid.height === this.#grid.height) return;
    this.#grid = grid;
    this.#element.style.setProperty("--columns", String(grid.width));
    const rows = Array.from({ length: grid.height }, (_, y) => newRow(grid.width, y));
    this.#cells = rows.flatMap((row) => [...row.children] as HTMLElement[]);
    this.#element.replaceChildren(...rows);
    this.#cells[Math.floor(grid.height / 2) * grid.width + Math.floor(grid.width / 2)].tabIndex = 0;
  }

  /** Marks one patch: as `chosen` here, or as the `best` match of one chosen elsewhere. */
  mark(patch: number | undefined, as: "chosen" | "best"): void {
    for (const cell of this.#cells) cell.classList.remove("chosen", "best");
    if (patch === undefined) return;
    this.#cells[patch].classList.add(as);
    // The one cell that Tab leads to.
    for (const cell of this.#cells) if (cell.tabIndex === 0) cell.tabIndex = -1;
    this.#cells[patch].tabIndex = 0;
  }
}

function newRow(width: number, y: number): HTMLElement {
  const row = document.createElement("div");
  row.role = "row";
  for (let x = 0; x < width; x++) {
    const cell = Object.assign(document.createElement("div"), { tabIndex: -1 });
    cell.role = "gridcell";
    cell.ariaLabel = `Row ${y + 1}, column ${x + 1}`;
    row.append(cell);
  }
  return row;
}
