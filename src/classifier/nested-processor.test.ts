import { expect, test } from "vitest";
import { ModelFormatError, UnsupportedModelError } from "../errors/errors.ts";
import { openFilesFolder } from "../format/files-folder.ts";
import { accepted } from "../testing/accepted.ts";
import { describeModel } from "./model.ts";

const CONFIG = {
  architectures: ["ViTForImageClassification"],
  model_type: "vit",
  ...{ hidden_size: 64, num_attention_heads: 2, intermediate_size: 128, image_size: 16, patch_size: 8 },
};
const PROCESSOR = {
  image_processor_type: "ViTImageProcessor",
  size: { height: 16, width: 16 },
  image_mean: [0.5, 0.25, 0.125],
};

/** The mean that a folder with these files beside config.json has. */
async function meanOf(files: Record<string, unknown>): Promise<readonly number[]> {
  const contents = Object.entries({ "config.json": CONFIG, ...files }).map(
    ([name, content]) => [name, typeof content === "string" ? content : JSON.stringify(content)] as const,
  );
  const { preprocessing } = await describeModel(openFilesFolder(contents));
  return preprocessing.mean;
}

test(
  accepted(
    "Preprocessing",
    "the image_processor inside processor_config.json, if there is no preprocessor_config.json",
    "transformers 5.18.0",
  ),
  async () => {
    const nested = { "processor_config.json": { processor_class: "Made", image_processor: PROCESSOR } };
    expect(await meanOf(nested)).toEqual([0.5, 0.25, 0.125]);
  },
);

test("a processor_config.json of older kinds names no image processor", async () => {
  const told = "expected preprocessor_config.json";
  for (const older of [{ processor_class: "Made" }, { image_processor: null }])
    await expect(meanOf({ "processor_config.json": older })).rejects.toThrow(told);
  await expect(meanOf({})).rejects.toThrow(UnsupportedModelError);
  expect(
    await meanOf({
      "processor_config.json": { processor_class: "Made" },
      "preprocessor_config.json": PROCESSOR,
    }),
  ).toEqual([0.5, 0.25, 0.125]);
});

test("one that is damaged is told by its name", async () => {
  for (const damaged of ["{", { image_processor: 1 }]) {
    const read = meanOf({ "processor_config.json": damaged });
    await expect(read).rejects.toThrow(ModelFormatError);
    await expect(read).rejects.toThrow("processor_config.json");
  }
});
