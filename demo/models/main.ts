/** The page of models: the table of known-models.ts. */
import { byId, textElement } from "../classify/page.ts";
import {
  families,
  floatMegabytes,
  int8Megabytes,
  type KnownFamily,
  type KnownModel,
  refused,
} from "./known-models.ts";

const HUB = "https://huggingface.co/";
/** The text of a link that opens a model, and its page. */
const LINKS = {
  classify: ["Classify", "../../index.html"],
  compare: ["Compare", "../../index.html"],
  match: ["Match", "../match/index.html"],
} as const;

function groupOf({ name, does, models }: KnownFamily): HTMLElement {
  const body = document.createElement("tbody");
  const heading = Object.assign(document.createElement("th"), {
    colSpan: 5,
    scope: "rowgroup",
    textContent: name,
  });
  const first = document.createElement("tr");
  first.append(heading);
  body.append(first, ...models.map((model) => rowOf(model, does)));
  return body;
}

function rowOf(model: KnownModel, does: KnownFamily["does"]): HTMLElement {
  const row = document.createElement("tr");
  const name = Object.assign(document.createElement("th"), { scope: "row" });
  name.append(link(HUB + model.id, model.id, model.id));
  const [word, page] = LINKS[does];
  const open = textElement("td", "", "");
  open.append(link(`${page}?model=${encodeURIComponent(model.id)}`, word, `${word} with ${model.id}`));
  row.append(
    name,
    textElement("td", "number", megabytes(floatMegabytes(model))),
    textElement("td", "number", megabytes(int8Megabytes(model))),
    textElement("td", "", model.license),
    open,
  );
  return row;
}

function link(href: string, text: string, label: string): HTMLElement {
  return Object.assign(document.createElement("a"), { href, textContent: text, ariaLabel: label });
}

const megabytes = (count: number): string =>
  count < 1000 ? `${count.toFixed(0)} MB` : `${(count / 1000).toFixed(1)} GB`;

const shown = families.filter(({ models }) => models.length > 0);
byId("families", HTMLTableElement).append(...shown.map(groupOf));
byId("refused", HTMLElement).append(
  ...refused.flatMap(({ name, why }) => [textElement("dt", "", name), textElement("dd", "", why)]),
);
