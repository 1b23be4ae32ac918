import { quantizedCases } from "./attention.cases.ts";
import { attentionRegisters } from "./attention-registers.ts";

export default quantizedCases(attentionRegisters);
