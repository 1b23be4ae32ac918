// What a service worker answers: a label or an error for each way to load.
/** @param {typeof import("vit8").ImageClassifier} ImageClassifier */
export function answerMessages(ImageClassifier) {
  addEventListener("message", ({ data: { picture, port } }) => {
    answers(ImageClassifier, picture).then((said) => port.postMessage(said));
  });
}

const WAYS = {
  auto: {},
  gpu: { device: "webgpu" },
  cpu: { device: "cpu" },
  integers: { integerOnly: true, nonlinear: "ibert", device: "webgpu" },
  worker: { worker: true },
};

async function answers(ImageClassifier, picture) {
  const said = {};
  for (const [way, options] of Object.entries(WAYS))
    try {
      const classifier = await ImageClassifier.load("./models/everyday80/", options);
      const [best] = await classifier.classify(picture, { topK: 1 });
      await classifier.dispose();
      said[way] = best.label;
    } catch (error) {
      said[way] = `${error.name}: ${error.message}`;
    }
  return said;
}
