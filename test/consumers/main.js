// The same page script in every consumer: a label from the page's own thread, then one from a worker.
import { ImageClassifier } from "vit8";

const picture = /** @type {HTMLImageElement} */ (document.querySelector("img"));
const labels = [];
for (const worker of [false, true]) {
  const classifier = await ImageClassifier.load("./models/everyday80/", { worker });
  const [best] = await classifier.classify(picture, { topK: 1 });
  labels.push(best.label);
  await classifier.dispose();
}
/** @type {HTMLOutputElement} */ (document.querySelector("output")).textContent = labels.join(", ");
