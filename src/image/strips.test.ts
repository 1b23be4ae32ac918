import { expect, test } from "vitest";
import { pictureGeometry } from "./geometry.ts";
import { inputRange, resizePlan } from "./resize.ts";
import { PANEL_WIDTH, stripPlan } from "./strips.ts";

const CROP = 224;
const PATCH = 16;
const shortest = {
  resize: { mode: "shortest_edge", edge: 256 },
  crop: { width: CROP, height: CROP },
} as const;
const exact = { resize: { mode: "exact", width: CROP, height: CROP } } as const;

function planned(framing: typeof shortest | typeof exact, width: number, height: number) {
  const plan = resizePlan(width, height, pictureGeometry({ ...framing, resample: "bicubic" }, width, height));
  return { rows: plan.rows, strips: stripPlan(plan, PATCH, CROP / PATCH) };
}

test.each([
  [64, 64],
  [640, 480],
  [1280, 720],
])("%i x %i goes up in one strip", (width, height) => {
  const { strips } = planned(shortest, width, height).strips;
  expect(strips).toHaveLength(1);
  expect(strips[0]).toMatchObject({
    completesBand: true,
    band: { firstPatchRow: 0, endPatchRow: CROP / PATCH },
  });
});

test.each([
  [shortest, 12_000, 8_333],
  [shortest, 2, 65_535],
  [exact, 65_535, 1_525],
  [exact, 1_525, 65_535],
])(
  "%o %i x %i: bands cover each patch row once, with all its picture rows, in small textures",
  (framing, width, height) => {
    const { rows: rowPlan, strips } = planned(framing, width, height);
    const { stripRows, panels, columns } = strips;
    const bands = [...new Set(strips.strips.map(({ band }) => band))];
    expect(bands.map(({ firstPatchRow }) => firstPatchRow)).toEqual([
      0,
      ...bands.slice(0, -1).map(({ endPatchRow }) => endPatchRow),
    ]);
    expect(bands.at(-1)?.endPatchRow).toBe(CROP / PATCH);
    for (const band of bands) {
      const own = strips.strips.filter((strip) => strip.band === band);
      expect(own.map(({ completesBand }) => completesBand).lastIndexOf(false)).toBe(own.length - 2);
      let next = band.firstRow;
      for (const { firstRow, rows } of own) {
        expect(firstRow).toBe(next);
        expect(rows).toBeLessThanOrEqual(stripRows);
        next += rows;
      }
      expect(next).toBe(band.endRow);
      const starts = rowPlan.starts.subarray(band.firstPatchRow * PATCH, band.endPatchRow * PATCH);
      expect({ first: band.firstRow, end: band.endRow }).toEqual(inputRange({ ...rowPlan, starts }));
    }
    expect(panels * stripRows).toBeLessThanOrEqual(PANEL_WIDTH);
    expect(panels * PANEL_WIDTH).toBeGreaterThanOrEqual(columns);
    expect(4 * panels * stripRows * Math.min(columns, PANEL_WIDTH)).toBeLessThanOrEqual(2 ** 21);
  },
);
