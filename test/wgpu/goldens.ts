// Models that transformers and timm saved, one of each family, on this WebGPU: close to the library's output (test/goldens).

import { readdir, readFile } from "node:fs/promises";
import process from "node:process";
import { openSafetensors, toFloat32 } from "../../src/format/safetensors.ts";
import { ImageClassifier } from "../../src/index.ts";
import { closeness, LEAST_COSINE, MOST_ERROR, ONE_OF_EACH } from "../goldens/one-of-each.ts";

/** In both precisions. @param rgba of picture.png, 75x53 */
export async function faultOfGolden(
  root: string,
  name: string,
  rgba: Uint8Array<ArrayBuffer>,
): Promise<string | undefined> {
  const folder = `${root}/test/goldens/models/${name}`;
  const read = async (file: string) => [file, await readFile(`${folder}/${file}`)] as const;
  const { "expected.safetensors": golden, ...files } = Object.fromEntries(
    await Promise.all((await readdir(folder)).map(read)),
  );
  const output = ONE_OF_EACH[name];
  const expected = await tensorOf(golden, output);
  const inPrecision = async (precision: "float32" | "int8") => {
    const classifier = await ImageClassifier.load(files, { device: "webgpu", autotune: false, precision });
    const picture = { width: 75, height: 53, rgba };
    const answer = await (output === "logits" ? classifier.logits(picture) : classifier.embed(picture));
    await classifier.dispose();
    return closeness(answer, expected);
  };
  const { error } = await inPrecision("float32");
  const { cosine } = await inPrecision("int8");
  if (process.env.GOLDENS_TABLE) console.log(name, error.toExponential(1), cosine.toFixed(5));
  if (error < MOST_ERROR && cosine > LEAST_COSINE) return undefined;
  return `expected an error below ${MOST_ERROR} and a cosine above ${LEAST_COSINE}, got ${error} and ${cosine}`;
}

async function tensorOf(file: Uint8Array<ArrayBuffer>, name: string): Promise<Float32Array> {
  const { tensors } = await openSafetensors({ stream: new Blob([file]).stream(), byteLength: file.length });
  for await (const { entry, bytes } of tensors()) if (entry.name === name) return toFloat32(entry, bytes);
  throw new Error(`expected.safetensors: expected a tensor ${name}`);
}
