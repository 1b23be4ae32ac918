// What RADV prints of a compute shader with RADV_DEBUG=shaderstats,asm,cs: its code by basic blocks, then its figures.

import type { Figures } from "./figures.ts";
import { type Instruction, type Line, program } from "./listing.ts";

/** @throws Error where the driver printed something else. */
export function amdFigures(text: string, lanes: number): Figures {
  const code = /disasm:\n([\s\S]*?)\*\*\* SHADER STATS \*\*\*/.exec(text)?.[1];
  if (!code) throw new Error("RADV: expected `disasm:` and `SHADER STATS`, got neither");
  const wave = is64Wide(code) ? 64 : 32;
  const stat = (name: string) => Number(new RegExp(`^${name}: (\\d+)`, "m").exec(text)?.[1] ?? 0);
  const spills = stat("Spilled VGPRs") + stat("Spilled SGPRs");
  return {
    wave,
    hasScalarUnit: true,
    registers: stat("VGPRs"),
    scalarRegisters: stat("SGPRs"),
    spills,
    fills: spills,
    scratchBytes: stat("Scratch size"),
    occupancy: stat("Subgroups per SIMD"),
    localBytes: stat("LDS size"),
    instructions: stat("Instructions"),
    cycles: stat("Inverse Throughput"),
    code: program(code.split("\n").map((line) => lineOf(line, wave, lanes))),
  };
}

/**
 * In half-width waves, `exec` and `vcc` have other names; in the compiler's own format, used for GPUs that LLVM does not support, they have
 * sizes.
 */
function is64Wide(code: string): boolean {
  return /^\/\* logical preds/m.test(code)
    ? /\bs2: %\d+:(?:exec|vcc)/.test(code)
    : /\b(?:exec|vcc)\b/.test(code);
}

/** `\tname operands ; code`, or in the compiler's own form `\t size: %id:register = name operands`. */
function lineOf(text: string, wave: number, lanes: number): Line {
  const label = /^(BB\d+):?$/.exec(text)?.[1];
  if (label) return { label };
  const [, name, operands] = /^\t(?: .* = )?(\w+)\s*([^;]*)/.exec(text) ?? [];
  if (!name) return {};
  const jump = /^s_c?branch/.test(name) ? /BB\d+/.exec(operands)?.[0] : undefined;
  return { instruction: instructionOf(name, operands, wave, lanes), jump };
}

const QUARTER_RATE = /^v_(?:exp|log|rcp|rsq|sqrt|sin|cos|mul_lo|mul_hi|mad_u64)/;
const FREE = /^s_(?:waitcnt|wait_|delay_alu|nop|clause|code_end|sendmsg|endpgm|inst_prefetch|set_inst)/;

function instructionOf(name: string, operands: string, wave: number, lanes: number): Instruction {
  const turns = Math.ceil(wave / lanes);
  if (FREE.test(name)) return { kind: "wait", cycles: 0 };
  if (/^s_(?:buffer_)?load/.test(name)) return { kind: "memory", cycles: 1 };
  if (name.startsWith("s_")) return { kind: "scalar", cycles: 1 };
  if (/^v_wmma/.test(name)) return { kind: "matrix", cycles: 32, macs: 16 ** 3 / wave };
  if (/^v_dot[48]/.test(name)) return { kind: "dot", cycles: turns };
  if (/^v_dual_/.test(name)) {
    const macs = `${name} ${operands}`.match(/v_dual_fma/g)?.length ?? 0;
    return macs > 0 ? { kind: "fma", cycles: turns, macs } : { kind: "vector", cycles: turns };
  }
  if (/^v_(?:fma|mac|mad|fmac)_?f32|^v_(?:fmac|fmaak|fmamk)_f32/.test(name))
    return { kind: "fma", cycles: turns, macs: 1 };
  if (/^v_pk_fma_f16/.test(name)) return { kind: "fma", cycles: turns, macs: 2 };
  if (name.startsWith("v_")) return { kind: "vector", cycles: QUARTER_RATE.test(name) ? 4 * turns : turns };
  const bytes = wave * bytesOf(name);
  if (name.startsWith("ds_")) return { kind: "memory", cycles: 1, local: bytes };
  return { kind: "memory", cycles: 1, global: bytes, isSpill: name.startsWith("scratch_") };
}

/** Of one lane: `ds_load_b128`, `buffer_load_dwordx4`, `ds_read2_b64`, `buffer_load_ubyte`. */
function bytesOf(name: string): number {
  const pair = /2addr|(?:read|write)2/.test(name) ? 2 : 1;
  const bits = Number(/_[bu](\d+)/.exec(name)?.[1] ?? 0);
  if (bits) return (pair * bits) / 8;
  const words = /dword(?:x(\d))?/.exec(name);
  return words ? 4 * Number(words[1] ?? 1) : 1;
}
