import { ImageClassifier } from "vit8/node";

const classifier = await ImageClassifier.load("node_modules/vit8/models/everyday80");
const [best] = await classifier.classify("public/pizza.svg");
await classifier.dispose();
console.log(best.label);
