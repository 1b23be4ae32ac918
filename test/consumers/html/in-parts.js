import { answerMessages } from "./answers.js";
import { ImageClassifier } from "./node_modules/vit8/dist/vit8.js";

answerMessages(ImageClassifier);
