/** Every kernel case, and a whole model, on wgpu and naga, which are in Firefox: bundled by scripts/wgpu.mjs and run by Deno, each process a share. */
import { type Gpu, openGpu } from "../../src/gpu/gpu.ts";
import type { AnyCases } from "../../src/testing/cases.ts";
import { checkCase } from "../../src/testing/check-case.ts";
import { runsOf } from "../../src/testing/runs.ts";
import { ONE_OF_EACH } from "../goldens/one-of-each.ts";
import { faultOfGolden } from "./goldens.ts";
import { faultOfBundled, faultOfModel } from "./models.ts";

declare const Deno: {
  readonly args: readonly string[];
  exit(code: number): never;
  readFile(path: string): Promise<Uint8Array<ArrayBuffer>>;
};

interface Test {
  readonly name: string;
  /** The error, in words. */
  readonly fault: () => Promise<string | undefined>;
}

const suites = import.meta.glob<AnyCases | readonly AnyCases[]>("../../src/kernels/*.cases.ts", {
  eager: true,
  import: "default",
});
const [share, shares, root] = [Number(Deno.args[0]), Number(Deno.args[1]), Deno.args[2]];
const picture = await Deno.readFile(Deno.args[3]);
const gpu = await openGpu();
const tests: Test[] = [
  ...Object.values(suites)
    .flat()
    .flatMap((cases) => testsOf(gpu, cases)),
  { name: "a model in int8", fault: () => faultOfModel("int8") },
  { name: "a model in float32", fault: () => faultOfModel("float32") },
  { name: "the bundled model", fault: () => faultOfBundled(root) },
  ...Object.keys(ONE_OF_EACH).map((name) => ({ name, fault: () => faultOfGolden(root, name, picture) })),
];
const failed = await run(tests.filter((_, i) => i % shares === share));
gpu.destroy();
Deno.exit(failed ? 1 : 0);

function testsOf(gpu: Gpu, cases: AnyCases): Test[] {
  return runsOf(cases, gpu.capabilities).map(({ name, problem, variant }) => ({
    name: `${cases.kernel.name}, ${name}, ${variant}`,
    fault: async () => (await checkCase(gpu, cases, problem, variant)).fault,
  }));
}

async function run(tests: readonly Test[]): Promise<number> {
  let failed = 0;
  for (const { name, fault } of tests) {
    const found = await fault().catch((error) => String(error));
    if (found === undefined) continue;
    failed++;
    console.log(`failed: ${name}: ${found}`);
  }
  const { architecture, description } = gpu.adapter;
  console.log(`wgpu, ${architecture || description}: ${tests.length - failed} passed, ${failed} failed`);
  return failed;
}
