// Every kernel but the matrix products, which gemm.test.ts has: half of the time each, so that two cores share them.

import { type CasesFiles, testKernels } from "./kernels.shared.ts";

await testKernels(
  import.meta.glob<CasesFiles[string]>(["./*.cases.ts", "!./gemm*.cases.ts"], {
    eager: true,
    import: "default",
  }),
);
