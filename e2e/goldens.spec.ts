/** Models that transformers and timm saved, one of each family, in Chromium on SwiftShader: close to the library's output. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "@playwright/test";
import { closeness, LEAST_COSINE, MOST_ERROR, ONE_OF_EACH } from "../test/goldens/one-of-each.ts";

const models = path.resolve(import.meta.dirname, "../test/goldens/models");

for (const [name, output] of Object.entries(ONE_OF_EACH))
  test(name, async ({ page }) => {
    await page.route("**/blank.html", (route) =>
      route.fulfill({ contentType: "text/html", body: "<!doctype html><title>test</title>" }),
    );
    await page.goto("/blank.html");
    const [float, int8] = await page.evaluate(
      async ({ name, output }) => {
        const library = "/src/index.ts";
        const { ImageClassifier } = (await import(library)) as typeof import("../src/index.ts");
        const picture = await (await fetch("/test/goldens/picture.png")).blob();
        const answers: number[][] = [];
        for (const precision of ["float32", "int8"] as const) {
          const options = { device: "webgpu", autotune: false, precision } as const;
          const classifier = await ImageClassifier.load(`/test/goldens/models/${name}/`, options);
          answers.push([
            ...(await (output === "logits" ? classifier.logits(picture) : classifier.embed(picture))),
          ]);
          await classifier.dispose();
        }
        return answers;
      },
      { name, output },
    );
    const expected = tensorOf(name, output);
    const { error } = closeness(float, expected);
    const { cosine } = closeness(int8, expected);
    if (process.env.GOLDENS_TABLE) console.log(name, error.toExponential(1), cosine.toFixed(5));
    expect(error).toBeLessThan(MOST_ERROR);
    expect(cosine).toBeGreaterThan(LEAST_COSINE);
  });

/** An F32 tensor of the model's expected.safetensors. */
function tensorOf(model: string, name: string): number[] {
  const file = readFileSync(path.join(models, model, "expected.safetensors"));
  const start = 8 + Number(file.readBigUInt64LE(0));
  const { data_offsets: places } = JSON.parse(file.toString("utf8", 8, start))[name];
  const [from, to] = places.map((place: number) => start + place);
  return Array.from({ length: (to - from) / 4 }, (_, i) => file.readFloatLE(from + 4 * i));
}
