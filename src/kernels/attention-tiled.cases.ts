import { quantizedCases } from "./attention.cases.ts";
import { attentionTiled } from "./attention-tiled.ts";

export default quantizedCases(attentionTiled);
