// A label by the model's full address, by the path from the page, and from a worker; then what the service worker says.
import { ImageClassifier } from "./node_modules/vit8/dist/vit8.js";
import "./node_modules/vit8/dist/element-define.js";

const folder = "public/models/everyday80/";
const picture = document.querySelector("img");
const said = [];
for (const [model, worker] of [
  [chrome.runtime.getURL(folder), false],
  [`./${folder}`, false],
  [`./${folder}`, true],
]) {
  const answer = async () => {
    const classifier = await ImageClassifier.load(model, { worker });
    const [best] = await classifier.classify(picture, { topK: 1 });
    await classifier.dispose();
    return best.label;
  };
  said.push(await answer().catch(String));
}
said.push(await chrome.runtime.sendMessage("classify"));
document.querySelector("output").textContent = said.join(", ");
