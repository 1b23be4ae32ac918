import { expect, test } from "vitest";
import { intelFigures } from "./intel.ts";
import { multiplyingLoops } from "./listing.ts";

const SUMMARY =
  "SIMD16 shader: 40 instructions. 1 loops. 900 cycles. 3:5 spills:fills, 6 sends, scheduled with mode none.";

const at = (message: string) => `${" ".repeat(28)}${message} { align1 1H };`;

const LOOP = [
  "   START B0 (4 cycles)",
  "mov(16)         g9<1>D          0D                              { align1 1H };",
  "LABEL1:",
  "send(16)        g20UD           g10UD           nullUD          0x02806301                0x00000000",
  at("dp data 1 MsgDesc: (untyped surface read, Surface = 254, SIMD16, Mask = 0x0)  mlen 2 ex_mlen 0 rlen 8"),
  "send(16)        nullUD          g10UD           g30UD           0x02000000                0x00000000",
  at(
    "dp data 1 MsgDesc: (DC untyped surface write, Surface = 4, SIMD16, Mask = 0x0)  mlen 2 ex_mlen 8 rlen 0",
  ),
  "sync nop(1)                     null<0,1,0>UB                   { align1 WE_all 1N $3.dst };",
  "dp4a(16)        g40<1>D         g40<8,8,1>D     g20<8,8,1>D     g50<1,1,1>D { align1 1H };",
  "dp4a(16)        g42<1>D         g42<8,8,1>D     g22<8,8,1>D     g50<1,1,1>D { align1 1H };",
  "add(1)          g5<1>UD         g5<0,1,0>UD     0x1UD           { align1 WE_all 1N };",
  "math exp(16)    g60<1>F         g61<8,8,1>F     null<8,8,1>F    { align1 1H };",
  "(+f0.0) break(16) JIP:  LABEL0        UIP:  LABEL0              { align1 1H };",
  "while(16)       JIP:  LABEL1                                    { align1 1H };",
  "LABEL0:",
  "send(16)        nullUD          g126UD          nullUD          0x02000000                0x00000000",
  at("thread_spawner MsgDesc:  mlen 1 ex_mlen 0 rlen 0"),
];

const printed = (code: readonly string[] = LOOP, before: readonly string[] = []) =>
  ["workgroup_size: 16, 16, 1", ...before, SUMMARY, ...code, ""].join("\n");

test("figures come from the summary and from the last form before it", () => {
  const before = ["shared_size: 64", "scratch: 96", "shared_size: 4096", "scratch: 768"];
  expect(intelFigures(printed(LOOP, before), 8, 32)).toMatchObject({
    wave: 16,
    instructions: 40,
    cycles: 900,
    spills: 3,
    fills: 5,
    localBytes: 4096,
    scratchBytes: 768,
  });
});

test("a loop's instructions are counted by kind, and the registers that messages move", () => {
  const [loop] = multiplyingLoops(intelFigures(printed(), 8, 32).code);
  expect(loop.own).toMatchObject({ dot: 2, vector: 1, scalar: 3, memory: 2, fma: 0, spill: 0 });
  expect(loop.own).toMatchObject({ localBytes: 8 * 32, globalBytes: 8 * 32 });
  // two turns of eight lanes, and exp at a quarter of that
  expect(loop.own.vectorCycles).toBe(2 * 2 + 4 * 2);
});

test("later GPUs' messages count in `dst_len` and `src1_len`", () => {
  const code = [
    "LABEL1:",
    "dp4a(32)        g40<1>D         g40<8,8,1>D     g20<8,8,1>D     g50<1,1,1>D { align1 };",
    "send(32)        g18UD           g16UD           nullUD          0x64803500                0x02000000",
    at("ugm MsgDesc: ( load, a32, d32, V4, L1 dst_len = 8, src0_len = 2, src1_len = 0 bti )  BTI 2"),
    "send(32)        nullUD          g118UD          g51UD           0x04003504                0x00000200",
    at("slm MsgDesc: ( store, a32, d32, V4, L1 dst_len = 0, src0_len = 2, src1_len = 8 flat )"),
    "while(32)       JIP:  LABEL1                                    { align1 };",
  ];
  const [loop] = multiplyingLoops(intelFigures(printed(code), 16, 64).code);
  expect(loop.own).toMatchObject({ dot: 1, memory: 2, globalBytes: 512, localBytes: 512, vectorCycles: 2 });
});

test.each([
  "data MsgDesc: (DC OWORD block read, bti 253, owords = 4, aligned = 0)  mlen 1 ex_mlen 0 rlen 2",
  "ugm MsgDesc: ( store, a32, d32, V1, L1 dst_len = 0, src0_len = 1, ss )  surface_state_index 0",
])("what goes to memory for want of registers is a spill: %s", (message) => {
  const code = ["LABEL1:", "dp4a(16)  g1<1>D  g1<8,8,1>D { align1 };", "send(8)  g1UD  g2UD", at(message)];
  const [loop] = multiplyingLoops(intelFigures(printed([...code, "while(16)  JIP:  LABEL1"]), 8, 32).code);
  expect(loop.own.spill).toBe(1);
});

test("other output is refused", () => {
  expect(() => intelFigures("no GPU", 8, 32)).toThrow("ANV: expected `SIMDn shader");
});
