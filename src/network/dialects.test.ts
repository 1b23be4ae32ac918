/** Configs as transformers and timm read them: test/peers/configs.py made the right values. */
import { describe, expect, test } from "vitest";
import peers from "../../test/peers/configs.json" with { type: "json" };
import type { Fields } from "../format/fields.ts";
import { pictureSize } from "../format/preprocessing.ts";
import { accepted } from "../testing/accepted.ts";
import { familyOf } from "./families.ts";
import { modelOf } from "./model.ts";

/** Both halves of a config, in the terms of the libraries. */
async function read(config: Fields, preprocessor?: unknown) {
  // A row's processor need not have the size of its config.
  const anySize = { ...(await familyOf(config)), fixedSize: false };
  const { name: family, spec, labels, scoring, preprocessing } = modelOf(anySize, config, preprocessor);
  const { width, height } = pictureSize(preprocessing);
  const sizes = { patchSize: spec.patch, layerNormEps: spec.eps, classes: labels.length };
  return { family, ...spec, ...sizes, labels, scoring, ...preprocessing, picture: [width, height] };
}

describe("transformers", () => {
  test(
    accepted(
      "Configuration",
      "config.json of ViT, DeiT and DINOv2: absent fields have transformers' defaults, and fields that it does not read are ignored",
      "transformers 5.18.0",
    ),
    async () => {
      for (const { config, preprocessor, right } of peers.transformers) {
        const { family, width, depth, heads, patchSize, layerNormEps, mlpWidth } = right;
        const architecture = { family, width, depth, heads, patchSize, layerNormEps, mlpWidth };
        expect(await read(config, preprocessor), JSON.stringify(config)).toMatchObject(architecture);
      }
    },
  );

  test(
    accepted(
      "Preprocessing",
      "preprocessor_config.json of the ViT, DeiT, Bit, CLIP and ConvNext processors, their old, fast and PIL names, sizes as a number, a list or an object",
      "transformers 5.18.0 (PIL back end)",
    ),
    async () => {
      for (const { config, preprocessor, right } of peers.transformers) {
        const { picture, resample, rescale, mean, std } = right;
        expect(await read(config, preprocessor), JSON.stringify(preprocessor)).toMatchObject({
          ...{ picture, resample, rescale, mean, std },
        });
      }
    },
  );

  test(
    accepted(
      "Labels and heads",
      "id2label and num_labels: two unnamed classes without either, LABEL_n if they disagree, one class",
      "transformers 5.18.0",
    ),
    async () => {
      for (const { config, preprocessor, right } of peers.transformers)
        expect(await read(config, preprocessor), JSON.stringify(config)).toMatchObject({
          classes: right.classes,
          labels: right.labels,
        });
    },
  );
});

describe("timm", () => {
  test(
    accepted(
      "Configuration",
      "config.json of timm: absent, null and empty settings have its defaults, training arguments are ignored, and model_args sets the image size",
      "timm 1.0.29",
    ),
    async () => {
      for (const { config, right } of peers.timm) {
        const { labels, ...others } = right;
        expect(await read(config), JSON.stringify(config)).toMatchObject(others);
      }
    },
  );

  test(
    accepted(
      "Labels and heads",
      "label_names of timm, a list or an object with gaps, each by its description; labels of older configs",
      "timm 1.0.29",
    ),
    async () => {
      for (const { config, right } of peers.timm) {
        const { labels } = await read(config);
        const names = right.labels ?? Array.from(labels, () => null);
        expect(labels, JSON.stringify(config)).toEqual(names.map((name, n) => name ?? `LABEL_${n}`));
      }
    },
  );
});
