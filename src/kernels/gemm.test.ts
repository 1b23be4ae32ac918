// Every matrix product; the other kernels are in kernels.test.ts.

import { type CasesFiles, testKernels } from "./kernels.shared.ts";

await testKernels(
  import.meta.glob<CasesFiles[string]>("./gemm*.cases.ts", { eager: true, import: "default" }),
);
