// The extension's service worker, which also says where the extension is.
import { ImageClassifier } from "./node_modules/vit8/dist/vit8.cdn.js";

const answer = async () => {
  const classifier = await ImageClassifier.load(chrome.runtime.getURL("public/models/everyday80/"));
  const bitmap = await createImageBitmap(new ImageData(96, 96));
  const { length } = await classifier.logits(bitmap);
  await classifier.dispose();
  return length;
};
chrome.runtime.onMessage.addListener((_message, _sender, reply) => {
  answer().then(reply, (error) => reply(String(error)));
  return true;
});
