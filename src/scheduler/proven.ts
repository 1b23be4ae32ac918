// Chooses kernels and variants from the table, if they pass their self-test on this driver.

import { SelfTestError } from "../errors/errors.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { candidatesFor, chooseByTable } from "./choose.ts";
import { answersRight } from "./self-test.ts";
import type { Choose } from "./settle.ts";

/** The table's choice, or the first other candidate that passes its self-test. */
export function chooseProven(gpu: Gpu): Choose {
  return async (step) => {
    const table = chooseByTable(step, gpu.capabilities);
    if (await answersRight(gpu, table.kernel, table.variant)) return table;
    for (const { kernel, name } of candidatesFor(step, gpu.capabilities))
      if (await answersRight(gpu, kernel, name))
        return { kernel, variant: name, why: `${table.kernel.name}/${table.variant} computes wrongly here` };
    throw new SelfTestError(
      `${step.label}: every variant of ${step.kernels[0].name} fails its self-test on this driver. Update the driver, or use another browser.`,
    );
  };
}
