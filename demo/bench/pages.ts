import type { BenchPage } from "./bench-page.ts";
import { gemm } from "./pages/gemm.ts";
import { kernels } from "./pages/kernels.ts";
import { model } from "./pages/model.ts";
import { nonlinear } from "./pages/nonlinear.ts";
import { racePage } from "./pages/race.ts";
import { roofline } from "./pages/roofline.ts";

/** The first is shown where the address names none. */
export const PAGES: readonly BenchPage[] = [kernels, gemm, nonlinear, model, roofline, racePage];
