/** Which GPU ran, how much of its memory was used, which kernels ran and why; and what int8 changes for this image. */
import { ImageClassifier, type Report, UnsupportedModelError } from "../../src/index.ts";
import type { Loaded } from "./models.ts";
import { byId, showText, textElement } from "./page.ts";
import { texts } from "./texts.ts";
import { cosine, indexOfGreatest } from "./vectors.ts";

export function showReport(report: Report): void {
  const { backend, adapter, advice, precision, nonlinear, dispatches, gpuBytes, kernels } = report;
  const { vendor, architecture, description, isFallback } = adapter;
  const names = [vendor, architecture, description].filter((name) => name !== "").join(", ");
  const facts = [
    isFallback && backend === "webgpu" ? texts.softwareGpu(names) : names,
    ...(advice ? [advice.reason, advice.remedy].filter((text) => text !== "") : []),
    texts.work(precision, nonlinear, dispatches, gpuBytes),
    // A failed one ends loading, so that there would be no report.
    ...(precision === "int8" && backend === "webgpu" ? [texts.selfTest] : []),
  ];
  byId("facts", HTMLElement).replaceChildren(...facts.map((fact) => textElement("li", "", fact)));
  byId("kernels", HTMLElement).replaceChildren(
    ...kernels.map(({ kernel, variant, steps, why }) => {
      const row = document.createElement("li");
      row.append(
        textElement("b", "", kernel),
        textElement("span", "steps", texts.steps(steps)),
        textElement("span", "why", texts.variant(variant, why)),
      );
      return row;
    }),
  );
}

/** Loads the same model in the other precision for one run; float is float throughout. */
export async function showAgreement(
  picture: ImageBitmap,
  loaded: Loaded,
  signal: AbortSignal,
): Promise<void> {
  const { classifier, model, options } = loaded;
  const other = classifier.report.precision === "int8" ? "float32" : "int8";
  showText("agreement", texts.loadingOther(other));
  try {
    const reference = await ImageClassifier.load(model.source, {
      ...options,
      precision: other,
      nonlinear: "exact",
      signal,
      worker: true,
    });
    try {
      showText("agreement", await agreement(picture, classifier, reference, signal));
    } finally {
      await reference.dispose();
    }
  } catch (error) {
    if (signal.aborted) return;
    showText("agreement", error instanceof UnsupportedModelError ? texts.noFloat : String(error));
  }
}

async function agreement(
  picture: ImageBitmap,
  one: ImageClassifier,
  other: ImageClassifier,
  signal: AbortSignal,
): Promise<string> {
  const method = one.labels.length > 0 ? "logits" : "embed";
  const [a, b] = [await one[method](picture, { signal }), await other[method](picture, { signal })];
  const same = method === "logits" ? indexOfGreatest(a) === indexOfGreatest(b) : undefined;
  return texts.agreement(cosine(a, b), same);
}
