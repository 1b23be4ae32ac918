// Kernels to measure, at the shapes of every model, size and batch that the settings name.

import { type KernelTask, kernelTasks } from "../../../src/bench/kernels.ts";
import { madeUpModel, SHAPES } from "../../../src/bench/made-up-model.ts";
import type { AnyCases } from "../../../src/testing/cases.ts";
import type { Bench } from "../bench-page.ts";

/** `listed` selects steps and variants; the default is all of them. */
export function tasksOf(
  { device, settings }: Bench,
  suites: readonly AnyCases[],
  listed: typeof kernelTasks = kernelTasks,
): Promise<KernelTask[]> {
  const { models, size, batch, kernel } = settings;
  const wanted = suites.filter((cases) => cases.kernel.name.includes(kernel));
  return device.use(async ({ capabilities }) =>
    models.flatMap((name) =>
      size.flatMap((pixels) => {
        const model = madeUpModel(name, SHAPES[name], pixels);
        return batch.flatMap((images) => listed(capabilities, wanted, model, images));
      }),
    ),
  );
}
