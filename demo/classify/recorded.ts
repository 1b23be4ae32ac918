/** What everyday80 said of a drawing, recorded with `vit8 classify --json`. */
import type { Classification } from "../../src/index.ts";

export const recorded: { name: string; results: Classification[] } = {
  name: "ladybug",
  results: [
    { label: "ladybug", score: 0.891, index: 16 },
    { label: "monarch", score: 0.026, index: 19 },
    { label: "dragonfly", score: 0.025, index: 18 },
    { label: "spider web", score: 0.006, index: 57 },
    { label: "bee", score: 0.004, index: 17 },
  ],
};
