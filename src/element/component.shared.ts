/** The element and the library in component tests: a DOM without WebGPU, workers, layout or decoders. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ImageClassifier, PictureError, Vit8Error } from "../index.ts";
import "./define.ts";

const folder = `${process.cwd()}/models/everyday80`;
const files = Object.fromEntries(
  ["config.json", "preprocessor_config.json", "model.safetensors"].map((name) => [
    name,
    new Uint8Array(readFileSync(`${folder}/${name}`)),
  ]),
);

export function testComponents(): void {
  test("an element is made, changed, moved and removed, and an error event says why there is no answer", async () => {
    const element = document.createElement("vit-classifier");
    const told: string[] = [];
    for (const type of ["loadstart", "loadend"] as const)
      element.addEventListener(type, () => told.push(type));
    const failed = new Promise<Error>((resolve) =>
      element.addEventListener("error", ({ detail }) => resolve(detail)),
    );
    element.setAttribute("src", "/a.png");
    element.setAttribute("model", "someone/model");
    element.setAttribute("top-k", "3");
    element.threshold = 0.5;
    element.name = "what";
    const form = document.body.appendChild(document.createElement("form"));
    form.append(element);
    expect(element.form).toBe(form);
    const error = await failed;
    expect(error).toBeInstanceOf(Vit8Error);
    expect(element.error).toBe(error);
    expect([element.status, element.topK, element.value]).toEqual(["error", 3, ""]);
    expect(element.shadowRoot!.querySelector("[part=results]")).not.toBeNull();
    expect(element.shadowRoot!.querySelector("[role=status]")!.textContent).toBe(error.message);
    document.body.append(element);
    element.remove();
    expect(told).toEqual(["loadstart", "loadend"]);
  });

  test("a classifier that the page lends may be on its way, and fail", async () => {
    const element = document.createElement("vit-classifier");
    element.setAttribute("src", "/a.png");
    const failed = new Promise((resolve) =>
      element.addEventListener("error", ({ detail }) => resolve(detail)),
    );
    const loading = ImageClassifier.load({}, { device: "cpu", worker: false });
    element.classifier = loading;
    document.body.append(element);
    expect(await failed).toBe(await loading.catch((error) => error));
    expect(element.classifier).toBe(loading);
    element.remove();
  });

  test("a property that is set to undefined or null removes its attribute", () => {
    const element = document.createElement("vit-classifier");
    const properties = {
      src: "/a.png",
      model: "someone/model",
      topK: 3,
      alt: "x",
      crossOrigin: "",
      worker: true,
    };
    for (const none of [undefined, null]) {
      Object.assign(element, properties);
      expect(element.getAttributeNames()).toHaveLength(6);
      for (const name of Object.keys(properties)) Object.assign(element, { [name]: none });
      expect(element.getAttributeNames()).toEqual([]);
    }
  });

  test("an element of markup, with a picture and a template inside, and lazy", async () => {
    document.body.innerHTML = `<vit-classifier model="someone/model" loading="lazy" autoplay>
      <img src="a.png"><template><b data-field="label"></b></template></vit-classifier>`;
    const element = document.querySelector("vit-classifier")!;
    element.abort();
    await expect(element.classify()).rejects.toBeInstanceOf(Vit8Error);
    document.body.replaceChildren();
  });

  test("a blank label is shown as the number of its class, and stays blank in results", async () => {
    const answer = [
      { label: "", score: 0.75, index: 7 },
      { label: "cat", score: 0.25, index: 3 },
    ];
    const lent = { report: { backend: "webgpu" }, classify: async () => answer };
    const element = document.createElement("vit-classifier");
    element.append(document.createElement("canvas"));
    element.classifier = lent as unknown as ImageClassifier;
    document.body.append(element);
    expect(await element.classify()).toEqual(answer);
    const shown = [...element.shadowRoot!.querySelectorAll("[part=result]")];
    expect(shown.map((row) => row.textContent)).toEqual(["class 7 (no label)75.0%", "cat25.0%"]);
    expect(element.shadowRoot!.querySelector("[role=status]")!.textContent).toBe("class 7 (no label), 75.0%");
    expect(element.value).toBe("");
    element.remove();
  });

  test("a template that React made, with its children in the element itself, fills the rows", async () => {
    const lent = {
      report: { backend: "webgpu" },
      classify: async () => [{ label: "cat", score: 1, index: 3 }],
    };
    const element = document.createElement("vit-classifier");
    const template = document.createElement("template");
    template.appendChild(document.createElement("b")).dataset.field = "label";
    element.append(document.createElement("canvas"), template);
    element.classifier = lent as unknown as ImageClassifier;
    document.body.append(element);
    await element.classify();
    expect(element.shadowRoot!.querySelector("[part=result]")!.innerHTML).toBe(
      '<b data-field="label">cat</b>',
    );
    element.remove();
  });

  test("the CPU answers for pixels, under a signal of this DOM; other pictures are typed errors", async () => {
    const { signal } = new AbortController();
    const options = { device: "cpu", worker: false, signal } as const;
    const classifier = await ImageClassifier.load(files, options);
    const rgba = new Uint8ClampedArray(32 * 32 * 4).fill(255);
    const answer = await classifier.classify({ width: 32, height: 32, rgba }, { topK: 2, signal });
    expect(answer).toHaveLength(2);
    const blob = new Blob(["no picture"]);
    const elements = (["img", "video", "canvas"] as const).map((name) => document.createElement(name));
    for (const picture of [...elements, blob, new File([blob], "a.png"), null]) {
      const error = await classifier.classify(picture as Blob, { signal }).catch((error) => error);
      expect(error).toBeInstanceOf(PictureError);
    }
    await classifier.dispose();
  });

  test("what cannot be fetched is a typed error, under a signal of this DOM", async () => {
    const { signal } = new AbortController();
    const options = { device: "cpu", worker: false, signal } as const;
    await expect(ImageClassifier.load("http://127.0.0.1:9/", options)).rejects.toBeInstanceOf(Vit8Error);
  });
}
