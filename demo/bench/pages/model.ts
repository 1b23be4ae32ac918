import { type Cold, coldOf, coldOfFolder, modelOnCpu } from "../../../src/bench/cold.ts";
import { MODEL_COLUMNS } from "../../../src/bench/columns.ts";
import { benchModel, type ModelRow } from "../../../src/bench/models.ts";
import { type Bench, definePage } from "../bench-page.ts";
import { coldPlot, passesPlot, throughputPlot } from "../plots/models.ts";

/** The row of the first batch also has the cold start. */
export type ModelPageRow = ModelRow & Partial<Cold> & { readonly threads?: number };

const BUNDLED = "everyday80";

export const model = definePage<ModelPageRow>({
  id: "model",
  title: "Model",
  lead: "Whole models with random weights, and the bundled model: download, load, first result, then the steady state by batch size, and the time per pass.",
  parameters: ["models", "batch", "size", "device", "clock"],
  presets: {
    quick: { batch: [1, 4] },
    standard: { models: ["ti", "s", "b"], batch: [1, 8, 32] },
    full: { models: ["ti", "s", "b"], batch: [1, 2, 4, 8, 16, 32], size: [224, 384] },
  },
  async measure(bench: Bench) {
    const { models, size, batch } = bench.settings;
    const total = 1 + models.length * size.length * batch.length;
    let done = 0;
    const onRow = (row: ModelPageRow) => bench.onRow(row, ++done, total);
    if (bench.backend === "cpu") {
      onRow(await bundledRow(bench));
      for (const name of models)
        for (const pixels of size)
          for await (const row of modelOnCpu(name, pixels, batch, bench.repeats, bench.signal)) onRow(row);
      return;
    }
    const options = { peaks: await bench.peaks(), repeats: bench.repeats, signal: bench.signal };
    onRow(await bundledRow(bench));
    for (const name of models)
      for (const pixels of size) {
        let cold: Partial<Cold> & { error?: string } = await coldOf(name, pixels, bench.signal).catch(
          orError(bench),
        );
        const onBatch = (row: ModelRow) => {
          onRow({ ...cold, ...row });
          cold = {};
        };
        await benchModel(bench.device, name, pixels, batch, { ...options, onRow: onBatch });
      }
  },
  columns: [
    ...MODEL_COLUMNS,
    { head: "CPU threads", value: ({ threads }) => threads, show: ({ threads }) => `${threads ?? ""}` },
    { head: "download ms", value: ({ downloadMs }) => downloadMs },
    { head: "load ms", value: ({ loadMs }) => loadMs },
    { head: "first ms", value: ({ firstMs }) => firstMs },
  ],
  plots: [throughputPlot, passesPlot, coldPlot],
});

async function bundledRow({ repeats, backend, signal }: Bench): Promise<ModelPageRow> {
  const row = { model: BUNDLED, imageSize: 64, batch: 1 };
  const address = new URL(`../../models/${BUNDLED}/`, location.href);
  const cold = await coldOfFolder(address, repeats, backend, signal).catch(orError({ signal }));
  return { ...row, ...cold };
}

/** A row with the error instead of figures; rethrows an abort. */
const orError =
  ({ signal }: Pick<Bench, "signal">) =>
  (error: Error) => {
    signal.throwIfAborted();
    return { error: error.message };
  };
