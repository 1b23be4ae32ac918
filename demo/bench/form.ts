// The settings of a page as a form, and back.

import type { BenchPage } from "./bench-page.ts";
import { byId, element } from "./elements.ts";
import { DEVICES, PARAMETERS, PRESETS, type Settings, settingsOf } from "./settings.ts";

const CHOICES: Partial<Record<keyof Settings, readonly string[]>> = {
  preset: PRESETS,
  clock: ["timestamps", "wall"],
  device: DEVICES,
};

export function showForm(page: BenchPage, settings: Settings): void {
  byId("folder-field", HTMLElement).hidden = !page.takesFolder;
  const names = ["preset", ...page.parameters] as const;
  byId("parameters", HTMLElement).replaceChildren(...names.map((name) => fieldOf(name, settings)));
  // A preset is a set of values: choosing one shows them.
  byId("parameters", HTMLElement)
    .querySelector("select")
    ?.addEventListener("change", ({ target }) => {
      const preset = (target as HTMLSelectElement).value;
      const query = new URLSearchParams({ preset, wrong: settings.wrong });
      showForm(page, settingsOf(query, page.presets).settings);
      byId("parameters", HTMLElement).querySelector("select")?.focus();
    });
}

/** The settings, complaints about them, and the folder that was chosen where the page takes one. */
export function readForm({ presets }: BenchPage, { wrong }: Settings) {
  const data = new FormData(byId("settings", HTMLFormElement));
  const query = new URLSearchParams([...data].map(([name, value]) => [name, String(value)]));
  query.set("wrong", wrong);
  const files = byId("folder", HTMLInputElement).files ?? [];
  return { ...settingsOf(query, presets), folder: files.length > 0 ? [...files] : undefined };
}

function fieldOf(name: keyof Settings, settings: Settings): HTMLElement {
  const { label, hint } = PARAMETERS[name];
  const choices = CHOICES[name];
  const value = String(settings[name]);
  const field = choices
    ? element(
        "select",
        { name },
        choices.map((choice) => new Option(choice, choice, false, choice === value)),
      )
    : element("input", { name, value, autocomplete: "off", spellcheck: false });
  return element("label", {}, [label, field, ...(choices ? [] : [element("small", { textContent: hint })])]);
}
