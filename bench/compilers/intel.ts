// What ANV prints of a compute shader with INTEL_DEBUG=cs: its intermediate forms, a line of figures, its code.

import type { Figures } from "./figures.ts";
import { type Instruction, type Line, program } from "./listing.ts";

const SUMMARY =
  /^SIMD(\d+) shader: (\d+) instructions\. \d+ loops\. (\d+) cycles\. (\d+):(\d+) spills:fills.*$/gm;

/**
 * @param registerBytes of one register, by which messages count what they move
 * @throws Error where the driver printed something else.
 */
export function intelFigures(text: string, lanes: number, registerBytes: number): Figures {
  const summary = [...text.matchAll(SUMMARY)].at(-1);
  if (!summary) throw new Error("ANV: expected `SIMDn shader: ... spills:fills`, got no such line");
  const [wave, instructions, cycles, spills, fills] = summary.slice(1).map(Number);
  const sizes = [...text.matchAll(/^(?:shared_size|scratch_size|scratch): (\d+)/gm)];
  const sizeOf = (name: string) => Number(sizes.findLast(([line]) => line.startsWith(name))?.[1] ?? 0);
  const code = messagesJoined(text.slice(summary.index + summary[0].length));
  return {
    wave,
    hasScalarUnit: false,
    spills,
    fills,
    scratchBytes: sizeOf("scratch"),
    localBytes: sizeOf("shared_size"),
    instructions,
    cycles,
    code: program(code.map((line) => lineOf(line, lanes, registerBytes))),
  };
}

/** A send is on two lines; the second one has its operation. */
function messagesJoined(code: string): string[] {
  return code.replace(/\n {12,}(?=\S.*MsgDesc)/g, " ").split("\n");
}

function lineOf(text: string, lanes: number, registerBytes: number): Line {
  const label = /^(LABEL\d+):/.exec(text)?.[1];
  if (label) return { label };
  const [, name, size] = /^(?:\([^)]*\)\s*)?([a-z]\w*(?:\.\w+)*(?: \w+)?)\((\d+)\)/.exec(text) ?? [];
  if (!name) return {};
  const jump = name === "while" ? /JIP:\s*(LABEL\d+)/.exec(text)?.[1] : undefined;
  return { instruction: instructionOf(name, Number(size), text, lanes, registerBytes), jump };
}

const CONTROL = /^(?:if|else|endif|while|break|cont|halt|jmpi|do|brd|brc|goto|join|call|ret)\b/;

function instructionOf(
  name: string,
  size: number,
  text: string,
  lanes: number,
  registerBytes: number,
): Instruction {
  const turns = Math.ceil(size / lanes);
  if (/^(?:sync|nop|illegal)\b/.test(name)) return { kind: "wait", cycles: 0 };
  if (/^sends?\b/.test(name)) return messageOf(text, registerBytes);
  if (/^dpas/.test(name)) return { kind: "matrix", cycles: 8 };
  if (/^dp4a/.test(name)) return { kind: "dot", cycles: turns };
  if (CONTROL.test(name) || size === 1) return { kind: "scalar", cycles: 1 };
  if (/^(?:mad|mac)\b/.test(name) && /g\d+(?:\.\d+)?<\d+>F\b/.test(text))
    return { kind: "fma", cycles: turns, macs: 1 };
  return { kind: "vector", cycles: /^math\b/.test(name) ? 4 * turns : turns };
}

/** Registers that a message brings and takes: `mlen 2 ex_mlen 8 rlen 0` or `dst_len = 8, src0_len = 2, src1_len = 0`. */
function messageOf(text: string, registerBytes: number): Instruction {
  const length = (name: string) => Number(new RegExp(`\\b${name}(?: =)? (\\d+)`).exec(text)?.[1] ?? 0);
  const bytes = registerBytes * (length("rlen") + length("ex_mlen") + length("dst_len") + length("src1_len"));
  if (/barrier|fence|EOT/.test(text)) return { kind: "memory", cycles: 1 };
  if (/\bslm MsgDesc|Surface = 254|bti 254/.test(text)) return { kind: "memory", cycles: 1, local: bytes };
  return { kind: "memory", cycles: 1, global: bytes, isSpill: /bti 253|\bss \)/.test(text) };
}
