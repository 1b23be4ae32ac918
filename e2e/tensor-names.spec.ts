/** A network under other names, and with tensors beside it, on the page's own thread and in a worker, in Chromium. */
import { expect, test } from "@playwright/test";
import {
  type MadeUpVit,
  madeUpPicture,
  madeUpTensors,
  PLAIN,
  transformersFiles,
} from "../src/classifier/made-up-vit.shared.ts";
import { parseSafetensorsHeader, writeSafetensors } from "../src/format/safetensors.ts";

declare global {
  var vit8: typeof import("../src/index.ts");
}

const VIT: MadeUpVit = { ...PLAIN, width: 64, depth: 1, mlpWidth: 128 };

/** Files as a page can be sent them: the weights' bytes as numbers. */
function files(names: "saved" | "state_dict", prefix: string, ...beside: string[]) {
  const { "model.safetensors": file, ...configs } = transformersFiles(VIT, madeUpTensors(VIT), "F16", names);
  const { entries, dataOffset } = parseSafetensorsHeader(file);
  const own = entries.map((entry) => ({
    ...entry,
    name: prefix + entry.name,
    bytes: file.slice(dataOffset + entry.begin, dataOffset + entry.end),
  }));
  const others = beside.map(
    (name) => ({ name, dtype: "I64", shape: [1], bytes: new Uint8Array(8) }) as const,
  );
  return { configs, weights: [...Buffer.concat(writeSafetensors([...own, ...others]))] };
}

test("answers are the same bits, and the report names what was left out", async ({ page }) => {
  await page.goto("/package.json");
  await page.addScriptTag({
    type: "module",
    content: 'import * as vit8 from "/src/index.ts"; globalThis.vit8 = vit8;',
  });
  await page.waitForFunction(() => "vit8" in globalThis);
  const { width, height, rgba } = madeUpPicture(VIT);
  const ask = (model: ReturnType<typeof files>, worker: boolean) =>
    page.evaluate(
      async ({ model, worker, picture }) => {
        const contents = { ...model.configs, "model.safetensors": Uint8Array.from(model.weights) };
        const classifier = await vit8.ImageClassifier.load(contents, { device: "webgpu", worker });
        const logits = await classifier.logits({ ...picture, rgba: Uint8Array.from(picture.rgba) });
        const { ignoredTensors } = classifier.report;
        await classifier.dispose();
        return { logits: [...logits], ignoredTensors };
      },
      { model, worker, picture: { width, height, rgba: [...rgba] } },
    );
  const plain = await ask(files("saved", ""), false);
  expect(plain.ignoredTensors).toEqual([]);
  for (const worker of [false, true]) {
    expect(await ask(files("state_dict", ""), worker)).toEqual(plain);
    expect(await ask(files("saved", "_orig_mod.module."), worker)).toEqual(plain);
    const wrapped = await ask(files("state_dict", "model.", "model.vit.pos", "loss_fct.weight"), worker);
    expect(wrapped.logits).toEqual(plain.logits);
    expect(wrapped.ignoredTensors.toSorted()).toEqual(["loss_fct.weight", "model.vit.pos"]);
  }
});
