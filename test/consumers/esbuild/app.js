// Nothing tells esbuild of the worker, and nobody asks for one: a label, and what computed it.
import { ImageClassifier } from "vit8";

const output = /** @type {HTMLOutputElement} */ (document.querySelector("output"));
const picture = /** @type {HTMLImageElement} */ (document.querySelector("img"));

async function main() {
  const classifier = await ImageClassifier.load("./models/everyday80/");
  const [best] = await classifier.classify(picture, { topK: 1 });
  const { backend, advice } = classifier.report;
  await classifier.dispose();
  const asked = await ImageClassifier.load("./models/everyday80/", { worker: true }).then(
    (inWorker) => inWorker.dispose().then(() => "worker"),
    (error) => error.name,
  );
  output.textContent = [best.label, backend, asked].join(", ");
  output.title = advice ? `${advice.reason} ${advice.remedy}` : "";
}

main().catch((error) => {
  output.textContent = String(error);
});
