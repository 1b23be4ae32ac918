import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { ImageClassifier } from "../node/index.ts";
import { vit8 } from "./run.shared.ts";

const model = "test/goldens/models/yolos";
const picture = "test/goldens/picture.png";
const folder = mkdtempSync(path.join(tmpdir(), "vit8-detect-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("detect prints the library's objects, and a damaged picture does not hide those of the others", async () => {
  const classifier = await ImageClassifier.load(model, { device: "cpu" });
  const expected = await classifier.detect(picture, { threshold: 0.1, topK: 3 });
  await classifier.dispose();
  expect(expected).toHaveLength(3);
  const damaged = path.join(folder, "damaged.png");
  writeFileSync(damaged, "no picture");
  const options = ["--model", model, "--device", "cpu", "--threshold", "0.1", "--top-k", "3", "--json"];
  const { code, stdout, stderr } = await vit8("detect", damaged, picture, ...options);
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toEqual([
    {
      picture: damaged,
      error: { name: "PictureError", code: "INVALID_IMAGE", message: expect.stringContaining("damaged.png") },
    },
    { picture, objects: expected },
  ]);
  expect(stderr).toContain("damaged.png");
});
