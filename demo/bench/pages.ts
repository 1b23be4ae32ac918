import type { BenchPage } from "./bench-page.ts";
import { kernels } from "./pages/kernels.ts";

/** The first is shown where the address names none. */
export const PAGES: readonly BenchPage[] = [kernels];
