import { expect, test } from "vitest";
import { readModel } from "../../src/network/model.ts";
import { parametersOf } from "../../src/network/parameters.ts";
import { readTextModel } from "../../src/network/text-model.ts";
import { elementCount } from "../../src/tensor/dtype.ts";
import { known } from "./known-models.ts";

const tower = (hidden_size: number, num_attention_heads: number, num_hidden_layers: number) => {
  return { hidden_size, num_attention_heads, num_hidden_layers, intermediate_size: 4 * hidden_size };
};
const clip = (vision: object, text: object) => ({
  ...{ model_type: "clip", architectures: ["CLIPModel"], projection_dim: 512 },
  ...{ vision_config: { image_size: 224, ...vision } },
  text_config: { vocab_size: 49408, max_position_embeddings: 77, ...text },
});
const base = tower(768, 12, 12);
/** The fields of each config.json that decide the size. */
const configs: Record<string, object> = {
  "wkcn/TinyCLIP-ViT-8M-16-Text-3M-YFCC15M": clip({ ...tower(256, 4, 10), patch_size: 16 }, tower(256, 4, 3)),
  "openai/clip-vit-base-patch32": clip({ ...base, patch_size: 32 }, tower(512, 8, 12)),
  "google/siglip-base-patch16-224": {
    model_type: "siglip",
    vision_config: { ...base, image_size: 224, patch_size: 16 },
    text_config: { ...base, vocab_size: 32000, max_position_embeddings: 64 },
  },
};

test.each(known)("$id: as many megabytes as its parameters take in float32", async ({ id, megabytes }) => {
  const config = configs[id];
  const { network } = await readModel(config, () => ({ size: 224, crop_size: 224 }));
  const text = await readTextModel(config as never);
  const shapes = [network, text.network].flatMap((each) => [...parametersOf(each).values()]);
  const count = shapes.reduce((sum, shape) => sum + elementCount([...shape]), 0);
  expect(megabytes).toBe(Math.round((4 * count) / 1e6));
});
