/** Where images are cropped, against transformers and timm: test/peers/crops.py made the numbers. */
import { describe, expect, test } from "vitest";
import peers from "../../test/peers/crops.json" with { type: "json" };
import { parsePreprocessing } from "../format/preprocessing.ts";
import { accepted } from "../testing/accepted.ts";
import { type Framing, pictureGeometry } from "./geometry.ts";

interface Group {
  readonly settings: object;
  readonly rows: number[][];
}

function expectRows({ rows }: Group, framing: Framing): void {
  const ours = rows.map(([width, height]) => {
    const { resizedWidth, resizedHeight, cropX, cropY } = pictureGeometry(framing, width, height);
    return [width, height, resizedWidth, resizedHeight, cropX, cropY];
  });
  expect(ours).toEqual(rows);
}

describe("as the peers crop", () => {
  test(
    accepted(
      "Preprocessing",
      "resize and center crop of transformers' processors: half a pixel is rounded down, and a crop larger than the image is padded with black",
      "transformers 5.18.0 (PIL back end)",
    ),
    () => {
      for (const group of peers.transformers)
        expectRows(group, parsePreprocessing(group.settings, { model_type: "vit" }));
    },
  );

  test(
    accepted(
      "Preprocessing",
      "resize and center crop of timm, center or squash with any crop_pct: half a pixel is rounded to even",
      "timm 1.0.29",
    ),
    () => {
      for (const group of peers.timm)
        expectRows(
          group,
          parsePreprocessing(undefined, {
            architecture: "vit_tiny_patch16_224",
            pretrained_cfg: group.settings,
          }),
        );
    },
  );
});
