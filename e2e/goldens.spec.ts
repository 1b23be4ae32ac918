/** Models that transformers and timm saved, one of each family, in Chromium on SwiftShader: close to the library's output. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "@playwright/test";
import { LEAST_COSINE, ONE_OF_EACH } from "../test/goldens/one-of-each.ts";

const models = path.resolve(import.meta.dirname, "../test/goldens/models");

for (const [name, output] of Object.entries(ONE_OF_EACH))
  test(name, async ({ page }) => {
    await page.route("**/blank.html", (route) =>
      route.fulfill({ contentType: "text/html", body: "<!doctype html><title>test</title>" }),
    );
    await page.goto("/blank.html");
    const came = await page.evaluate(
      async ({ name, output }) => {
        const library = "/src/index.ts";
        const { ImageClassifier } = (await import(library)) as typeof import("../src/index.ts");
        const options = { device: "webgpu", autotune: false } as const;
        const classifier = await ImageClassifier.load(`/test/goldens/models/${name}/`, options);
        const picture = await (await fetch("/test/goldens/picture.png")).blob();
        const answer = await (output === "logits" ? classifier.logits(picture) : classifier.embed(picture));
        await classifier.dispose();
        return [...answer];
      },
      { name, output },
    );
    expect(cosine(came, tensorOf(name, output))).toBeGreaterThan(LEAST_COSINE);
  });

/** An F32 tensor of the model's expected.safetensors. */
function tensorOf(model: string, name: string): number[] {
  const file = readFileSync(path.join(models, model, "expected.safetensors"));
  const start = 8 + Number(file.readBigUInt64LE(0));
  const { data_offsets: places } = JSON.parse(file.toString("utf8", 8, start))[name];
  const [from, to] = places.map((place: number) => start + place);
  return Array.from({ length: (to - from) / 4 }, (_, i) => file.readFloatLE(from + 4 * i));
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, v, i) => sum + v * y[i], 0);
  return a.length === b.length ? dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)) : Number.NaN;
}
