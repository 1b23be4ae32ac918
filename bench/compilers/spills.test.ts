// What a page computes on most GPUs keeps in registers: the chosen kernels of a DeiT-S, through real GPUs' compilers.

import { expect, test } from "vitest";
import { GPUS, type TargetGpu } from "./gpus.ts";
import type { PipelineReport } from "./report.ts";
import { runCompilers } from "./run.ts";
import { hasIntelStandIn } from "./tools.ts";

const root = process.cwd();
const [navi31, tgl, lnl] = ["navi31", "tgl", "lnl"].map((name) => GPUS.find((gpu) => gpu.name === name)!);

test.skipIf(process.platform !== "linux").each(gpusHere())(
  "no chosen kernel of DeiT-S spills a register on $title",
  async (gpu) => {
    const { pipelines, failures } = await runCompilers({
      root,
      gpus: [gpu],
      selection: {
        models: ["s"],
        batches: [1],
        programs: ["int8", "float32"],
        kernel: "",
        chosenOnly: true,
        matrixUnits: false,
      },
    });
    expect(failures).toEqual([]);
    expect(pipelines.length).toBeGreaterThan(5);
    expect(pipelines.filter(spills).map(inWords)).toEqual([]);
  },
  300_000,
);

test.skipIf(process.platform !== "linux").each(gpusHere())(
  "heads are prepared in registers on $title",
  async (gpu) => {
    const { pipelines, failures } = await runCompilers({
      root,
      gpus: [gpu],
      selection: {
        models: ["s"],
        batches: [1],
        programs: ["cases"],
        kernel: "prepare_heads",
        chosenOnly: true,
        matrixUnits: false,
      },
    });
    expect(failures).toEqual([]);
    expect(pipelines.map(({ kernel }) => kernel)).toContain("prepare_heads_quantize");
    expect(pipelines.filter(spills).map(inWords)).toEqual([]);
  },
  300_000,
);

/** Those that compile without two minutes of building first. */
function gpusHere(): TargetGpu[] {
  if (process.platform !== "linux")
    console.log("Compilers of real GPUs: left out, they are Mesa's, on Linux.");
  else if (hasIntelStandIn()) return [navi31, tgl, lnl];
  else
    console.log(
      "Intel's compiler: left out; `npm run -s bench:compilers -- --gpu tgl --chosen` builds what it needs.",
    );
  return [navi31];
}

const spills = ({ spills, fills, scratchBytes }: PipelineReport) => spills + fills + scratchBytes > 0;
const inWords = ({ kernel, variant, spills, fills, scratchBytes }: PipelineReport) =>
  `${kernel}/${variant}: ${spills} spills, ${fills} fills, ${scratchBytes} bytes of scratch`;
