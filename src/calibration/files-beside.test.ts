import { expect, test } from "vitest";
import { madeUpTensors, PLAIN, transformersFiles } from "../classifier/made-up-vit.shared.ts";
import { describeModel } from "../classifier/model.ts";
import { openFilesFolder } from "../format/files-folder.ts";
import { quantizedFiles } from "./quantized-model.ts";

test("an int8 folder of one with processor_config.json prepares pictures as that one does", async () => {
  const { "preprocessor_config.json": processor, ...rest } = transformersFiles(PLAIN, madeUpTensors(PLAIN));
  const nested = `{"image_processor":${processor}}`;
  const float = openFilesFolder({ ...rest, "processor_config.json": nested, LICENSE: "free" });
  const files = await quantizedFiles(float);
  expect([...files.keys()].sort()).toEqual([
    ...["LICENSE", "config.json", "model.safetensors", "processor_config.json"],
  ]);
  const int8 = openFilesFolder([...files].map(([name, pieces]) => [name, Buffer.concat(pieces)] as const));
  expect((await describeModel(int8)).preprocessing).toEqual((await describeModel(float)).preprocessing);
});
