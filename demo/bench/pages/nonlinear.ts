import { benchModel, type ModelRow } from "../../../src/bench/models.ts";
import { type ErrorCurve, errorCurves } from "../../../src/bench/nonlinear.ts";
import { type Bench, definePage, type Row } from "../bench-page.ts";
import { curvePlot, nonlinearTimePlot } from "../plots/nonlinear.ts";

/** The error of one form of one operation, or the time of a whole model in it. */
export interface NonlinearRow extends Row, Partial<Pick<ErrorCurve, "over" | "points">> {
  readonly operation: string;
  readonly form: string;
  readonly worst?: number;
  readonly mean?: number;
  readonly passes?: ModelRow["passes"];
}

const ARITHMETICS = {
  exact: { nonlinear: "exact" },
  fast: { nonlinear: "fast" },
  ibert: { nonlinear: "ibert" },
  ivit: { nonlinear: "ivit" },
  "ibert, integers only": { nonlinear: "ibert", integerOnly: true },
} as const;

export const nonlinear = definePage<NonlinearRow>({
  id: "nonlinear",
  title: "Non-linear",
  lead: "GELU, softmax and LayerNorm in f32 on this GPU and in the integer forms: the error of each against f64 over its inputs, and the speed of a model with it. Tests check that the kernels of the integer forms match these numbers bit for bit.",
  parameters: ["models", "batch", "size", "clock"],
  presets: {
    quick: {},
    standard: { models: ["ti", "s"] },
    full: { models: ["ti", "s", "b"], batch: [1, 8] },
  },
  async measure(bench: Bench) {
    const curves = await bench.device.use(errorCurves);
    const { models, size, batch } = bench.settings;
    const total =
      curves.length + models.length * size.length * batch.length * Object.keys(ARITHMETICS).length;
    let done = 0;
    for (const curve of curves) bench.onRow(rowOf(curve), ++done, total);
    const options = { peaks: await bench.peaks(), repeats: bench.repeats, signal: bench.signal };
    for (const name of models)
      for (const pixels of size)
        for (const [form, arithmetic] of Object.entries(ARITHMETICS)) {
          const onRow = ({ model, imageSize, batch, ms, passes, error }: ModelRow) => {
            const operation = `${model}, ${imageSize} pixels ×${batch}`;
            bench.onRow({ operation, form, ms, passes, error } as NonlinearRow, ++done, total);
          };
          await benchModel(bench.device, name, pixels, batch, { ...options, arithmetic, onRow });
        }
  },
  columns: [
    { head: "operation or model", value: ({ operation }) => operation, names: true },
    { head: "form", value: ({ form }) => form, names: true },
    { head: "worst error", value: ({ worst }) => worst },
    { head: "mean error", value: ({ mean }) => mean },
    { head: "over", value: ({ over }) => over },
    { head: "ms", value: ({ ms }) => ms?.median },
    { head: "p10", value: ({ ms }) => ms?.p10 },
    { head: "p90", value: ({ ms }) => ms?.p90 },
    { head: "n", value: ({ ms }) => ms?.n, show: ({ ms }) => `${ms?.n ?? ""}` },
  ],
  plots: [curvePlot("GELU"), curvePlot("softmax"), curvePlot("LayerNorm"), nonlinearTimePlot],
});

function rowOf({ operation, form, over, points }: ErrorCurve): NonlinearRow {
  const errors = points.map(({ error }) => error);
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  return { operation, form, over, worst: Math.max(...errors), mean, points };
}
