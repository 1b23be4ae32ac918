/** The time of one image by type of pass: a bar, and a table that is its legend. */
import type { Profile } from "../../src/index.ts";
import { byId, showText, textElement } from "./page.ts";
import { texts } from "./texts.ts";

const details = byId("times", HTMLDetailsElement);
const measureButton = byId("measure", HTMLButtonElement);

/** Calls `measure` when the user opens the times, or measures again. */
export function listenForTimes(measure: () => void): void {
  details.addEventListener("toggle", () => details.open && measure());
  measureButton.addEventListener("click", measure);
}

export const wantsTimes = (): boolean => details.open;

export function showMeasuring(): void {
  measureButton.disabled = true;
  showText("times-words", texts.measuring);
}

export function forgetTimes(): void {
  measureButton.disabled = true;
  showText("times-words", "");
  byId("times-table", HTMLTableElement).hidden = true;
  byId("times-bar", HTMLElement).replaceChildren();
}

export function showTimes({ source, passes }: Profile): void {
  const times = byName(passes);
  const totalMs = [...times.values()].reduce((sum, ms) => sum + ms, 0);
  showText("times-words", texts[source](totalMs));
  byId("times-bar", HTMLElement).replaceChildren(
    ...[...times.values()].map((ms) => {
      const part = textElement("span", "", "");
      part.style.flexGrow = String(ms / totalMs);
      return part;
    }),
  );
  const table = byId("times-table", HTMLTableElement);
  table.tBodies[0].replaceChildren(...[...times].map(([name, ms]) => row(name, ms, ms / totalMs)));
  table.hidden = false;
  measureButton.disabled = false;
}

/** Milliseconds by the name that the page has for a pass; the norms are one. */
function byName(passes: Profile["passes"]): Map<string, number> {
  const times = new Map<string, number>();
  for (const { name, ms } of passes) {
    const kind = name.startsWith("norm") ? "norm" : name;
    const told = texts.passes[kind] ?? kind;
    times.set(told, (times.get(told) ?? 0) + ms);
  }
  return times;
}

function row(name: string, ms: number, share: number): HTMLElement {
  const head = textElement("th", "", name);
  head.setAttribute("scope", "row");
  const row = document.createElement("tr");
  row.append(
    head,
    textElement("td", "", texts.milliseconds(ms)),
    textElement("td", "", texts.percent(share)),
  );
  return row;
}
