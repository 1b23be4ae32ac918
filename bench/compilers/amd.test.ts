import { expect, test } from "vitest";
import { amdFigures } from "./amd.ts";
import { multiplyingLoops } from "./listing.ts";

/** In the driver's format, of a program that was not compiled. */
const printed = (code: readonly string[], stats: Record<string, number> = {}) =>
  [
    "Compute Shader",
    "disasm:",
    ...code.map((line) => (line.endsWith(":") ? line : `\t${line.padEnd(60)}; 00000000`)),
    "",
    "*** SHADER STATS ***",
    ...Object.entries(stats).map(([name, value]) => `${name}: ${value}`),
    "********************",
  ].join("\n");

const LOOP = [
  "BB0:",
  "s_load_b128 s[4:7], s[0:1], 0x10",
  "v_mov_b32_e32 v1, 0",
  "BB1:",
  "s_waitcnt lgkmcnt(0)",
  "ds_load_b128 v[4:7], v2",
  "buffer_load_b32 v8, v3, s[4:7], 0 offen",
  "v_dot4_i32_iu8 v1, v4, v8, v1 neg_lo:[1,1,0]",
  "v_dot4_i32_iu8 v1, v5, v8, v1 neg_lo:[1,1,0]",
  "v_exp_f32_e32 v9, v1",
  "s_add_u32 s2, s2, 1",
  "s_cbranch_scc1 BB1",
  "BB2:",
  "s_endpgm",
];

test("figures are read by their names", () => {
  const stats = {
    SGPRs: 128,
    VGPRs: 96,
    "Spilled SGPRs": 1,
    "Spilled VGPRs": 2,
    "LDS size": 4096,
    "Scratch size": 512,
    "Subgroups per SIMD": 12,
    Instructions: 14,
    "Inverse Throughput": 77,
  };
  expect(amdFigures(printed(LOOP, stats), 32)).toMatchObject({
    registers: 96,
    spills: 3,
    scratchBytes: 512,
    occupancy: 12,
    localBytes: 4096,
    instructions: 14,
    cycles: 77,
  });
});

test("a loop's instructions are counted by kind, and the bytes of all lanes", () => {
  const { code } = amdFigures(printed(LOOP), 32);
  const [loop] = multiplyingLoops(code);
  expect(loop.own).toMatchObject({ dot: 2, vector: 1, scalar: 2, memory: 2, fma: 0, spill: 0 });
  expect(loop.own).toMatchObject({ localBytes: 16 * 32, globalBytes: 4 * 32 });
});

test("a wave that names halves of exec has 32 lanes, any other 64, which take two turns", () => {
  const wide = amdFigures(printed([...LOOP, "s_mov_b64 exec, -1"]), 32);
  const narrow = amdFigures(printed([...LOOP, "s_mov_b32 exec_lo, -1"]), 32);
  expect([wide.wave, narrow.wave]).toEqual([64, 32]);
  const cycles = [wide, narrow].map(({ code }) => multiplyingLoops(code)[0].own.vectorCycles);
  // two dots, and exp at a quarter of their rate
  expect(cycles).toEqual([2 * 6, 6]);
});

test("dual-issued multiply-adds are two, and scratch is a spill", () => {
  const code = [
    "BB1:",
    ...Array.from({ length: 24 }, () => "v_dual_fmac_f32 v1, v2, v3 :: v_dual_fmac_f32 v4, v5, v6"),
    "scratch_load_b32 v1, off, s33",
    "s_branch BB1",
  ];
  const [loop] = multiplyingLoops(amdFigures(printed(code), 32).code);
  expect(loop.own).toMatchObject({ macs: 48, fma: 24, spill: 1 });
});

test("older names of loads have their bytes too", () => {
  const code = [
    "BB1:",
    "v_dot4_i32_i8 v0, v1, v2, v0",
    "buffer_load_dwordx4 v[0:3], v4",
    "ds_read2_b64 v[0:3], v5",
  ];
  const [loop] = multiplyingLoops(
    amdFigures(printed([...code, "s_branch BB1", "s_mov_b64 vcc, exec"]), 16).code,
  );
  expect(loop.own).toMatchObject({ globalBytes: 16 * 64, localBytes: 16 * 64, vectorCycles: 4 });
});

test("the compiler's own form is read where there is no disassembly", () => {
  const code = [
    "BB1",
    "/* logical preds: BB0, BB1, / linear preds: BB0, BB1, / kind: uniform, loop-header, */",
    "\t v4: %16:v[36-39] = buffer_load_dwordx4 %4:s[4-7], %8:v[36], 0 offen storage:buffer",
    "\t v1: %19:v[72] = v_dot4_i32_iu8 %68:v[40]*[-1,1], %67:v[36]*[-1,1], 0",
    "\t s1: %16:s[17],  s1: %63:scc = s_lshl_b32 %14:s[16], 2",
    "\ts_cbranch_scc0 block:BB1",
    "BB2",
    "\t s2: %0:exec = v_cmpx_le_u32 0x1800, %9:v[2]",
  ];
  const text = ["disasm:", ...code, "*** SHADER STATS ***"].join("\n");
  const { wave, code: program } = amdFigures(text, 32);
  expect(wave).toBe(64);
  expect(multiplyingLoops(program)[0].own).toMatchObject({
    dot: 1,
    scalar: 2,
    memory: 1,
    globalBytes: 16 * 64,
  });
});

test("matrices are counted as such", () => {
  const code = ["BB1:", "v_wmma_i32_16x16x16_iu8 v[0:7], v[8:11], v[12:15], v[0:7]", "s_branch BB1"];
  expect(multiplyingLoops(amdFigures(printed(code), 32).code)[0].own).toMatchObject({ matrix: 1, dot: 0 });
});

test("other output is refused", () => {
  expect(() => amdFigures("Segmentation fault", 32)).toThrow("RADV: expected `disasm:`");
});
