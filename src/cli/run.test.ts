import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ImageClassifier } from "../node/index.ts";
import { readPicture } from "../node/picture.ts";
import { bundledModel } from "./model.ts";
import { vit8 } from "./run.shared.ts";
import { CLASSES, writeTinyModel } from "./tiny-model.shared.ts";

const folder = mkdtempSync(path.join(tmpdir(), "vit8-cli-"));
const at = (...names: string[]) => path.join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true }));

/** One line that begins with `vit8: `, and no stack. */
const oneLine = /^vit8: [^\n]+\n$/;

const noise = (seed: number) => {
  const bytes = Buffer.alloc(96 * 64 * 3);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (Math.imul(i + 1, 7919 + seed * 104_729) >>> 7) & 255;
  return sharp(bytes, { raw: { width: 96, height: 64, channels: 3 } });
};

const pictures = ["a.png", "b.png", "c.png"];

beforeAll(async () => {
  for (const [seed, name] of pictures.entries()) await noise(seed).png().toFile(at(name));
  const rows = pictures.map((name, index) => `${index}\tn${index}\tclass ${index}\t${name}`);
  writeFileSync(at("labels.tsv"), ["index\twnid\tlabel\tfile", ...rows, ""].join("\n"));
  writeTinyModel(at("tiny"));
});

test("--version is the package's", async () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  expect(await vit8("--version")).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
});

describe("help", () => {
  test("names every command, and every option of each", async () => {
    const { code, stdout } = await vit8("--help");
    expect(code).toBe(0);
    for (const command of ["classify", "eval", "inspect", "quantize"]) {
      expect(stdout).toContain(`  ${command} `);
      const help = await vit8(command, "--help");
      expect(help.code).toBe(0);
      expect(help.stdout).toMatch(new RegExp(`^vit8 ${command} `));
    }
    const { stdout: help } = await vit8("eval", "-h");
    for (const option of ["--limit N", "--batch N", "--logits FILE", "--float", "--json"])
      expect(help).toContain(option);
  });

  test.each<[string, string[], RegExp]>([
    [
      "no command",
      [],
      /expected a command \(classify,.* eval, compare, inspect, quantize, bench, export-onnx\)/,
    ],
    ["an unknown command", ["clasify"], /got "clasify"/],
    ["an unknown option", ["classify", "--topk", "3", "a.png"], /'--topk'.* Run vit8 classify --help/],
    ["an option without value", ["quantize", "m", "-o"], /--output/],
    ["no picture", ["classify"], /IMAGE: expected/],
    ["too many arguments", ["eval", "a", "b", "c"], /nothing after IMAGES, got "c"/],
    [
      "a form that there is not",
      ["classify", "a", "--nonlinear", "quick"],
      /exact, fast, ibert, ivit, got quick/,
    ],
    ["integers in float32", ["eval", "a", "b", "--float", "--integer-only"], /got ibert with float32/],
    [
      "two references",
      ["eval", "a", "b", "--reference", "c", "--logits", "d"],
      /--reference: expected either it or --logits/,
    ],
    ["no number", ["classify", "--top-k", "some", "a.png"], /--top-k: expected a whole number .* "some"/],
    ["no output", ["quantize", "m"], /expected -o DIR/],
    ["a kernel that is none", ["bench", "--kernel", "some"], /--kernel: expected .* "some"/],
    ["a shape without --cost", ["inspect", "m", "--shape", "deit-tiny"], /--shape: expected --cost/],
    [
      "a layer kept as what",
      ["quantize", "m", "-o", "x", "--keep", "head=int4"],
      /LAYER=float.*got "head=int4"/,
    ],
  ])("%s is a wrong call: exit code 2", async (_, argv, message) => {
    const { code, stdout, stderr } = await vit8(...argv);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(oneLine);
    expect(stderr).toMatch(message);
  });
});

test("classify takes a folder for its pictures", async () => {
  mkdirSync(at("some", "below"), { recursive: true });
  cpSync(at("a.png"), at("some", "a.png"));
  cpSync(at("b.png"), at("some", "below", "b.png"));
  const { stdout } = await vit8("classify", at("some"), "--model", at("tiny"), "--device", "cpu", "--json");
  expect(JSON.parse(stdout).map(({ picture }: { picture: string }) => picture)).toEqual([
    at("some", "a.png"),
    at("some", "below", "b.png"),
  ]);
});

describe("classify", () => {
  test("the bundled model names a picture that was drawn", async () => {
    const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200">
      <rect width="300" height="200" fill="skyblue"/><circle cx="150" cy="100" r="70" fill="orange"/></svg>`;
    await sharp(Buffer.from(drawing)).jpeg().toFile(at("drawn.jpg"));
    const { code, stdout } = await vit8("classify", at("drawn.jpg"), at("a.png"), "--top-k", "3", "--json");
    expect(code).toBe(0);
    const answers = JSON.parse(stdout);
    expect(answers.map((answer: { picture: string }) => answer.picture)).toEqual([
      at("drawn.jpg"),
      at("a.png"),
    ]);
    const { id2label } = JSON.parse(readFileSync(path.join(bundledModel(), "config.json"), "utf8"));
    for (const { classes } of answers) {
      expect(classes).toHaveLength(3);
      for (const { label, score, index } of classes) {
        expect(label).toBe(id2label[index]);
        expect(score).toBeGreaterThan(0);
      }
      expect(classes[0].score).toBeGreaterThanOrEqual(classes[1].score);
    }
  });

  test("in words: the picture, then a line for each label", async () => {
    const { code, stdout } = await vit8("classify", "-m", at("tiny"), "-k", "2", at("a.png"), at("b.png"));
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect([lines[0], lines[3]]).toEqual([at("a.png"), at("b.png")]);
    expect(lines[1]).toMatch(/^(?=.{7}%) *[<>]?\d+\.\d% {2}LABEL_\d$/);
    expect(lines).toHaveLength(6);
  });

  const halfPng = async () => half(await noise(1).png().toBuffer());
  const onePixel = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";

  test.each<[string, () => Promise<Buffer>, RegExp]>([
    ["truncated.png", halfPng, /damaged or truncated/],
    ["text.jpg", async () => Buffer.from("a text\nof two lines\n"), /unknown format/],
    ["empty.png", async () => Buffer.alloc(0), /is empty/],
    ["one.gif", async () => Buffer.from(onePixel, "base64"), /got 1 x 1/],
    ["huge.jpg", () => jpegThatClaims(20_000, 20_000), /at most 100 megapixels, got 20000 x 20000/],
  ])("%s is one line and exit code 1", async (name, bytes, message) => {
    writeFileSync(at(name), await bytes());
    const { code, stdout, stderr } = await vit8("classify", at(name), "--json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual([
      {
        picture: at(name),
        error: { name: "PictureError", code: "INVALID_IMAGE", message: expect.stringMatching(message) },
      },
    ]);
    expect(stderr).toMatch(oneLine);
    expect(stderr).toContain(`${at(name)}: `);
    expect(stderr).toMatch(message);
  });
});

describe("one bad picture of many", () => {
  const bad = () => writeFileSync(at("cut.png"), "cut");
  beforeAll(bad);

  test("the others are answered, the bad one is named, exit code 1", async () => {
    const files = [at("cut.png"), at("a.png"), at("cut.png"), at("b.png"), at("none.png")];
    const { code, stdout, stderr } = await vit8(
      "classify",
      "-m",
      at("tiny"),
      "-k",
      "1",
      "--device",
      "cpu",
      ...files,
    );
    expect(code).toBe(1);
    expect(stdout.match(/^\S.*$/gm)).toEqual([at("a.png"), at("b.png")]);
    const words = stderr.trimEnd().split("\n");
    expect(words).toHaveLength(3);
    expect(words[0]).toMatch(/^vit8: .*cut\.png: expected PNG/);
    expect(words[2]).toMatch(/^vit8: .*none\.png: cannot be read/);
  });

  test("--json has all of them in their order", async () => {
    const files = [at("a.png"), at("cut.png"), at("b.png")];
    const { code, stdout } = await vit8("classify", "-m", at("tiny"), ...files, "--json");
    expect(code).toBe(1);
    const answers = JSON.parse(stdout);
    expect(answers.map(({ picture }: { picture: string }) => picture)).toEqual(files);
    expect(answers.map(({ classes }: { classes?: [] }) => classes?.length)).toEqual([5, undefined, 5]);
    expect(answers[1].error).toEqual({
      name: "PictureError",
      code: "INVALID_IMAGE",
      message: expect.stringMatching(/cut\.png: expected PNG/),
    });
  });

  test("eval counts the others, with every kind of reference, in full batches", async () => {
    const images = at("one-bad");
    mkdirSync(images);
    for (const name of pictures) cpSync(at(name), path.join(images, name));
    writeFileSync(path.join(images, "0.png"), "cut");
    const names = ["0.png", ...pictures];
    const rows = names.map((name, i) => `${Math.max(0, i - 1)}\tn\tclass\t${name}`);
    writeFileSync(path.join(images, "labels.tsv"), ["index\twnid\tlabel\tfile", ...rows, ""].join("\n"));
    const { code, stdout, stderr } = await vit8(
      "eval",
      at("tiny"),
      images,
      "--batch",
      "2",
      "--device",
      "cpu",
      "--json",
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/^vit8: [^\n]*0\.png: expected PNG[^\n]*\n$/);
    const whole = JSON.parse(
      (await vit8("eval", at("tiny"), folder, "--batch", "2", "--device", "cpu", "--json")).stdout,
    );
    const some = JSON.parse(stdout);
    for (const field of ["images", "top1", "top5", "agreement", "cosine", "worstLogitError", "dispatches"])
      expect([field, some[field]]).toEqual([field, whole[field]]);
    expect(some.failed).toEqual([expect.stringMatching(/0\.png/)]);
    const logits = await logitsOf(at("tiny"));
    const reference = [new Float32Array(CLASSES), ...logits];
    writeFileSync(at("four.f32"), Buffer.concat(reference.map((row) => new Uint8Array(row.buffer))));
    const own = await vit8("eval", at("tiny"), images, "--logits", at("four.f32"), "--json");
    expect(JSON.parse(own.stdout)).toMatchObject({ images: 3, agreement: 1, worstLogitError: 0 });
    for (const name of pictures) writeFileSync(path.join(images, name), "cut");
    const none = await vit8("eval", at("tiny"), images);
    expect([none.code, none.stdout]).toEqual([1, ""]);
    expect(none.stderr).toMatch(/\nvit8: images: expected some [^\n]* none of 4\. [^\n]*\n$/);
  });

  test("quantize calibrates on the others", async () => {
    const images = at("to-calibrate");
    mkdirSync(images);
    for (const name of pictures) cpSync(at(name), path.join(images, name));
    const quantized = async (output: string) =>
      vit8("quantize", at("tiny"), "-o", at(output), "--method", "minmax", "--calibrate", images);
    expect((await quantized("whole")).code).toBe(0);
    writeFileSync(path.join(images, "cut.png"), "cut");
    const { code, stderr } = await quantized("with-bad");
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^vit8: calibrating on 4 of 4 [^\n]*\nvit8: [^\n]*cut\.png: expected PNG[^\n]*\n$/,
    );
    const weights = (name: string) => readFileSync(at(name, "model.safetensors"));
    expect(weights("with-bad").equals(weights("whole"))).toBe(true);
  });
});

describe("what is shown on a terminal", () => {
  /** What a terminal may obey, line feeds left out. */
  const obeyed = /(?!\n)[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;
  const hostile = "\x1b[2J\x07\r\n\x9b31m\x7f\u202excod\u2066";

  test("a blank label is shown as the number of its class, and stays blank in JSON", async () => {
    const names = ["cat", "", " ", "dog", "cow"];
    const model = writeTinyModel(at("blank"), { config: { label_names: names } });
    const words = await vit8("classify", at("a.png"), "-m", model);
    const shown = words.stdout.split("\n").slice(1, -1);
    expect(shown.map((line) => line.slice(10)).sort()).toEqual([
      "cat",
      "class 1 (no label)",
      "class 2 (no label)",
      "cow",
      "dog",
    ]);
    const { stdout } = await vit8("classify", at("a.png"), "-m", model, "--json");
    for (const { label, index } of JSON.parse(stdout)[0].classes) expect(label).toBe(names[index]);
  });

  test("labels and file names are shown in escapes, and JSON stays exact", async () => {
    const names = Array.from({ length: CLASSES }, (_, i) => `${hostile}${i}`);
    const model = writeTinyModel(at("hostile"), { config: { label_names: names } });
    const picture = at(`a\x1b]0;x\x07\x9b\u202e\n.png`);
    cpSync(at("a.png"), picture);
    const words = await vit8("classify", picture, "-m", model, "-k", "5");
    expect(words.code).toBe(0);
    expect(words.stdout).not.toMatch(obeyed);
    expect(words.stdout.trimEnd().split("\n")).toHaveLength(1 + CLASSES);
    expect(words.stdout).toContain("\\x1b[2J\\x07\\x0d\\n\\x9b31m\\x7f\\u202excod\\u2066");
    const { stdout } = await vit8("classify", picture, "-m", model, "--json");
    expect(stdout).not.toMatch(obeyed);
    const [answer] = JSON.parse(stdout);
    expect(answer.picture).toBe(picture);
    for (const { label, index } of answer.classes) expect(label).toBe(names[index]);
  });

  test.each<[string, () => string[]]>([
    ["a missing picture's name", () => ["classify", `${hostile}.png`]],
    ["a model's name", () => ["inspect", `./${hostile}`]],
    ["a Hub id", () => ["inspect", hostile]],
    ["a command", () => [hostile]],
    ["an option", () => ["classify", `--${hostile}`]],
    ["an option's value", () => ["quantize", "m", "-o", "x", "--bits", hostile]],
    [
      "a value of the config",
      () => ["inspect", writeTinyModel(at("arch"), { config: { architecture: hostile } })],
    ],
    [
      "a tensor's name",
      () => [
        "inspect",
        writeTinyModel(at("named"), {
          tensors: (all) =>
            all.map((t) => (t.name === "norm.bias" ? { ...t, name: `blocks.0.${hostile}` } : t)),
        }),
      ],
    ],
    [
      "a file of labels.tsv",
      () => {
        mkdirSync(at("tsv"), { recursive: true });
        writeFileSync(at("tsv", "labels.tsv"), `index\twnid\tlabel\tfile\n0\tn\tl\t\x1b[2J\x9b.png\n`);
        return ["eval", at("tiny"), at("tsv")];
      },
    ],
  ])("%s in an error", async (_, argv) => {
    const { code, stdout, stderr } = await vit8(...argv());
    expect(code).toBeGreaterThan(0);
    expect(stdout).toBe("");
    expect(stderr).not.toMatch(obeyed);
    expect(stderr.match(/^/gm)).toHaveLength(2);
  });
});

test.each([
  ["a damaged model", ["inspect", "none", "--json"], "ModelLoadError", "MODEL_LOAD_FAILED"],
  ["a missing argument", ["classify", "--json"], "UsageError", "INVALID_USAGE"],
])("--json prints the code and the message of an error: %s", async (_, argv, name, code) => {
  const { stdout, stderr } = await vit8(...argv);
  const { error } = JSON.parse(stdout);
  expect(error).toMatchObject({ name, code });
  expect(stderr).toBe(`vit8: ${error.message}\n`);
});

describe("a model that is wrong is one line and exit code 1", () => {
  const without = (name: string) => (tensors: { name: string }[]) => tensors.filter((t) => t.name !== name);
  test.each<[string, Parameters<typeof writeTinyModel>[1], RegExp]>([
    [
      "a missing tensor",
      { tensors: without("blocks.1.mlp.fc1.weight") as never },
      /blocks\.1\.fc1\.weight \[512,128\], got none/,
    ],
    [
      "a wrong shape",
      { tensors: (all) => all.map((t) => (t.name === "norm.bias" ? { ...t, shape: [64, 2] } : t)) },
      /"norm\.bias": expected shape \[128\], got \[64,2\]/,
    ],
    ["an unknown architecture", { config: { architecture: "convnext_tiny" } }, /convnext_tiny/],
    [
      "a head dim that vit8 lacks",
      { config: { model_args: { num_heads: 3, embed_dim: 150, patch_size: 8 } } },
      /head dim/,
    ],
  ])("%s", async (name, change, message) => {
    const model = writeTinyModel(at(name), change);
    for (const argv of [
      ["classify", at("a.png"), "--model", model],
      ["inspect", model],
      ["eval", model, folder],
    ]) {
      const { code, stdout, stderr } = await vit8(...argv);
      expect(code).toBe(1);
      expect(stdout).toBe("");
      expect(stderr).toMatch(oneLine);
      expect(stderr).toMatch(message);
    }
  });

  test("a truncated file, no model, no folder", async () => {
    cpSync(at("tiny"), at("cut"), { recursive: true });
    const bytes = readFileSync(at("cut", "model.safetensors"));
    writeFileSync(at("cut", "model.safetensors"), bytes.subarray(0, bytes.length - 5));
    expect((await vit8("inspect", at("cut"))).stderr).toMatch(/^vit8: [^\n]*expected \d+ bytes[^\n]*\n$/);
    expect((await vit8("inspect", folder)).stderr).toMatch(/^vit8: [^\n]*expected config\.json[^\n]*\n$/);
    expect((await vit8("inspect", at("none"))).stderr).toMatch(/^vit8: [^\n]*expected a directory[^\n]*\n$/);
  });
});

test("inspect adds up what the file has", async () => {
  const { code, stdout } = await vit8("inspect", at("tiny"), "--json");
  expect(code).toBe(0);
  const facts = JSON.parse(stdout);
  const [w, mlp, tokens, patch] = [128, 512, 9 + 2, 3 * 8 * 8];
  const block = 4 * w * w + 4 * w + 2 * w * mlp + w + mlp + 4 * w + 2 * w;
  expect(facts.parameters).toBe(
    (patch + 1) * w + 2 * w + tokens * w + 2 * block + 2 * w + 2 * CLASSES * (w + 1),
  );
  expect(facts.byteLength).toBe(2 * facts.parameters);
  expect(facts.macs).toBe(
    9 * patch * w + 2 * (tokens * (4 * w * w + 2 * w * mlp) + 2 * tokens * tokens * w) + 2 * CLASSES * w,
  );
  expect(facts).toMatchObject({ tokens, quantization: null, architecture: { depth: 2, heads: 2 } });
  expect((await vit8("inspect", at("tiny"))).stdout).toContain(facts.parameters.toLocaleString("en"));
});

test("inspect names the tensors that the model does without", async () => {
  const others = ["loss_fct.weight", "head_old.weight", ...Array.from({ length: 5 }, (_, i) => `steps.${i}`)];
  const model = writeTinyModel(at("more"), {
    tensors: (own) => [
      ...own,
      ...others.map((name) => ({ name, dtype: "I64", shape: [1], bytes: new Uint8Array(8) }) as const),
    ],
  });
  const { stdout } = await vit8("inspect", model);
  expect(stdout).toMatch(/ignored +7 tensors of the file[^\n]*\n +"loss_fct.weight"\n/);
  expect(stdout).toMatch(/and 2 more\n/);
  expect(JSON.parse((await vit8("inspect", model, "--json")).stdout).ignoredTensors).toEqual(others);
  expect((await vit8("inspect", at("tiny"))).stdout).not.toContain("ignored");
});

describe("quantize", () => {
  test("the int8 folder gives the bits that quantising at load gives", async () => {
    expect((await vit8("quantize", at("tiny"), "-o", at("tiny8"))).code).toBe(0);
    const [float, int8] = [await logitsOf(at("tiny")), await logitsOf(at("tiny8"))];
    expect(new Set(float[0]).size).toBeGreaterThan(1);
    expect(int8).toEqual(float);
    const config = JSON.parse(readFileSync(at("tiny8", "config.json"), "utf8"));
    expect(config.quantization_config.quant_method).toBe("compressed-tensors");
    const { quantization, byteLength } = JSON.parse((await vit8("inspect", at("tiny8"), "--json")).stdout);
    expect(quantization).toEqual({
      ...{ bits: "w8a8", groupSize: null, activations: "dynamic", float: [], int8: [] },
      ...{ method: null, source: null, images: null, seed: null },
    });
    expect(byteLength).toBeLessThan(readFileSync(at("tiny", "model.safetensors")).length);
    const card = readFileSync(at("tiny8", "README.md"), "utf8");
    expect(card).toContain("# tiny, int8\n");
    expect(card).toContain("float model `tiny`");
    expect(card).toContain("8-bit activations: one scale per token, computed at run time");
  });

  test("layers stay float or int8, run so, and are told by the folder, inspect and eval", async () => {
    const argv = [
      "--bits",
      "w4a8",
      "--keep",
      "blocks.1.fc1=float,blocks.0.qkv=float",
      "--keep",
      "blocks.0.fc2=int8",
    ];
    expect(
      (await vit8("quantize", at("tiny"), "-o", at("mixed"), ...argv, "--keep", "head=float")).code,
    ).toBe(0);
    const { quantization_config } = JSON.parse(readFileSync(at("mixed", "config.json"), "utf8"));
    expect(quantization_config.ignore.toSorted()).toEqual(
      ["blocks.0.attn.qkv", "blocks.1.mlp.fc1", "head", "head_dist"].toSorted(),
    );
    expect(quantization_config.config_groups.group_1).toMatchObject({
      targets: ["blocks.0.mlp.fc2"],
      weights: { num_bits: 8, strategy: "channel" },
    });
    const card = readFileSync(at("mixed", "README.md"), "utf8");
    expect(card).toMatch(/In float: .*blocks\.1\.mlp\.fc1/);
    const { quantization } = JSON.parse((await vit8("inspect", at("mixed"), "--json")).stdout);
    expect(quantization.float.toSorted()).toEqual(
      ["blocks.0.qkv", "blocks.1.fc1", "head", "head_distillation"].toSorted(),
    );
    expect(quantization.int8).toEqual(["blocks.0.fc2"]);
    mkdirSync(at("judged"));
    cpSync(at(pictures[0]), at("judged", "a.png"));
    writeFileSync(at("judged", "labels.csv"), "file,index\na.png,0\n");
    const { stdout } = await vit8("eval", at("mixed"), at("judged"));
    expect(stdout).toMatch(
      /mixed, int8 and float32, exact\n.* w4a8, dynamic.* blocks\.1\.fc1 float.* blocks\.0\.fc2 int8/,
    );
    expect((await vit8("inspect", at("mixed"), "--cost")).stdout).toMatch(
      /in int8, with .*blocks\.1\.fc1.* in float32 and without the conversions/,
    );
  });

  test("nothing is overwritten unasked, and a card and other files never", async () => {
    const output = at("kept");
    expect((await vit8("quantize", at("tiny"), "-o", output)).code).toBe(0);
    const weights = readFileSync(path.join(output, "model.safetensors"));
    for (const name of ["model.safetensors", "README.md", "notes.txt"])
      writeFileSync(path.join(output, name), "mine");
    const refused = await vit8("quantize", at("tiny"), "-o", output);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^vit8: [^\n]*expected a new folder[^\n]*--force[^\n]*\n$/);
    expect((await vit8("quantize", at("tiny"), "-o", output, "--force")).code).toBe(0);
    expect(readFileSync(path.join(output, "model.safetensors"))).toEqual(weights);
    for (const name of ["README.md", "notes.txt"])
      expect(readFileSync(path.join(output, name), "utf8")).toBe("mine");
  });

  test("a text tower that is left out is named, also in the card", async () => {
    const clip = new URL("../../test/goldens/zero-shot/clip/", import.meta.url).pathname;
    const text = readFileSync(`${clip}config.json`, "utf8");
    cpSync(clip, at("mish"), { recursive: true });
    writeFileSync(at("mish", "config.json"), text.replace('"quick_gelu"', '"mish"'));
    const whole = await vit8("quantize", clip, "-o", at("both-towers"));
    expect(whole).toMatchObject({ code: 0, stderr: "" });
    for (const [why, ...argv] of [
      [/The text tower is left out: .*got "mish", which is not supported\./, at("mish"), "-o", at("mish8")],
      [
        /The text tower is left out, because only the defaults .*\./,
        clip,
        "-o",
        at("clip4"),
        "--bits",
        "w4a8",
      ],
    ] as const) {
      const { code, stderr } = await vit8("quantize", ...argv);
      expect(code).toBe(0);
      expect(stderr).toMatch(new RegExp(`^vit8: ${why.source}\n$`));
      expect(readFileSync(path.join(argv[2], "README.md"), "utf8")).toMatch(why);
    }
    expect(readFileSync(at("both-towers", "README.md"), "utf8")).not.toContain("text tower");
  });

  test("a failure leaves nothing behind", async () => {
    const infinite = Uint8Array.from([0, 0x7c]);
    const model = writeTinyModel(at("infinite"), {
      tensors: ([first, ...rest]) => {
        first.bytes.set(infinite);
        return [first, ...rest];
      },
    });
    const before = readdirSync(folder);
    const { code, stderr } = await vit8("quantize", model, "-o", at("never"));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^vit8: [^\n]*got Infinity at 0[^\n]*\n$/);
    expect((await vit8("quantize", at("tiny"), "-o", at("a.png", "below"))).stderr).toMatch(oneLine);
    expect(readdirSync(folder)).toEqual(before);
  });

  test("an int8 model, and a model onto itself, are refused", async () => {
    expect((await vit8("quantize", bundledModel(), "-o", at("twice"))).stderr).toMatch(
      /expected a float model, got a quantized one/,
    );
    const itself = await vit8("quantize", at("tiny"), "-o", `${at("tiny")}/.`, "--force");
    expect(itself.stderr).toMatch(/got the float model itself/);
    expect(existsSync(at("twice"))).toBe(false);
  });
});

describe("eval", () => {
  test("--json compares int8 with vit8's own float arithmetic", async () => {
    const onGpu = ["eval", at("tiny"), folder, "--device", "webgpu", "--json"];
    const { code, stdout } = await vit8(...onGpu, "--batch", "2");
    expect(code).toBe(0);
    const evaluation = JSON.parse(stdout);
    expect(evaluation).toMatchObject({ images: 3, precision: "int8", top5: 1 });
    // int8 of a random model is close, but no copy
    expect(evaluation.cosine).toBeGreaterThan(0.9);
    expect(evaluation.worstLogitError).toBeGreaterThan(0);
    expect(evaluation.msPerImage).toBeGreaterThan(0);
    // of a whole batch of two, although the last one had a single image left
    const single = JSON.parse((await vit8(...onGpu, "--limit", "1")).stdout);
    expect(evaluation.dispatches).toBeGreaterThan(single.dispatches);
    expect(evaluation.gpuBytes).toBeGreaterThan(0);
    expect(evaluation.kernels[0]).toHaveProperty("variant");
  });

  test("--nonlinear and --integer-only choose the arithmetic", async () => {
    const one = ["eval", at("tiny"), folder, "--limit", "1", "--json"];
    const ivit = JSON.parse((await vit8(...one, "--nonlinear", "ivit")).stdout);
    expect(ivit).toMatchObject({ precision: "int8", nonlinear: "ivit", integerOnly: false });
    const integers = JSON.parse((await vit8(...one, "--integer-only")).stdout);
    expect(integers).toMatchObject({ nonlinear: "ibert", integerOnly: true });
    expect(integers.worstLogitError).not.toBe(ivit.worstLogitError);
    expect(integers.cosine).toBeGreaterThan(0.9);
  });

  test("--logits are rows in the order of labels.tsv; against its own logits a model is perfect", async () => {
    const logits = await logitsOf(at("tiny"));
    writeFileSync(at("own.f32"), Buffer.concat(logits.map((row) => new Uint8Array(row.buffer))));
    const argv = ["eval", at("tiny"), folder, "--logits", at("own.f32"), "--json"];
    const own = JSON.parse((await vit8(...argv)).stdout);
    expect(own).toMatchObject({ agreement: 1, worstLogitError: 0 });
    const right = logits.filter((row, i) => row.indexOf(Math.max(...row)) === i).length;
    expect(own.top1).toBe(right / 3);
    const float = JSON.parse((await vit8(...argv, "--float", "--limit", "2")).stdout);
    expect(float).toMatchObject({ precision: "float32", images: 2 });
    expect(float.worstLogitError).toBeGreaterThan(0);
  });

  test("-o writes a row for each image, the confusion matrix and the worst classes, and the table has the reference's column", async () => {
    const logits = await logitsOf(at("tiny"));
    const first = logits.map((row) => row.indexOf(Math.max(...row)));
    // a reference that is always right, and so unlike the model where that is wrong
    const right = pictures.map((_, i) => Float32Array.from({ length: CLASSES }, (_, c) => Number(c === i)));
    writeFileSync(at("right.f32"), Buffer.concat(right.map((row) => new Uint8Array(row.buffer))));
    const argv = ["eval", at("tiny"), folder, "--logits", at("right.f32"), "-o", at("details.json")];
    const { stdout } = await vit8(...argv);
    expect(stdout).toMatch(
      / right\.f32 \|[\s\S]*\| top-1 +\|.*\| +100\.0 \(\d+\.\d to 100\.0\) \| +[-+]\d+\.\d \(-.* to [-+].*\) \|/,
    );
    const { rows, confusion, worstClasses, ...evaluation } = JSON.parse(
      readFileSync(at("details.json"), "utf8"),
    );
    expect(evaluation).toMatchObject({ images: 3, reference: { source: at("right.f32") } });
    expect(evaluation.estimates.top1.value).toBe(evaluation.top1);
    expect(evaluation.reference.estimates.top1.value).toBe(1);
    expect(evaluation.reference.difference.top1.value).toBeCloseTo(evaluation.top1 - 1, 12);
    const rank = (i: number) => 1 + logits[i].filter((logit) => logit > logits[i][i]).length;
    for (const [i, row] of rows.entries())
      expect(row).toMatchObject({
        index: i,
        predicted: { index: first[i] },
        rank: rank(i),
        reference: { predicted: { index: i }, rank: 1 },
      });
    const cells = confusion.map((cell: { index: number; predicted: { index: number }; images: number }) => [
      cell.index,
      cell.predicted.index,
      cell.images,
    ]);
    expect(cells).toEqual(first.map((predicted, i) => [i, predicted, 1]));
    const wrong = first.flatMap((predicted, i) => (predicted === i ? [] : [i]));
    expect(wrong.length).toBeGreaterThan(0);
    expect(worstClasses.map(({ index }: { index: number }) => index)).toEqual(wrong);
    const nowhere = await vit8("eval", at("tiny"), folder, "-o", at("no", "x.json"));
    expect([nowhere.code, nowhere.stdout]).toEqual([1, ""]);
    expect(nowhere.stderr).toMatch(/x\.json: expected a file in a folder that exists/);
  });

  test("without a reference the comparison is null", async () => {
    expect((await vit8("quantize", at("tiny"), "-o", at("alone"))).code).toBe(0);
    const nothing = { agreement: null, cosine: null, worstLogitError: null };
    expect(JSON.parse((await vit8("eval", at("alone"), folder, "--json")).stdout)).toMatchObject(nothing);
    expect((await vit8("eval", at("alone"), folder)).stdout).toContain(
      "no reference: pass --reference or --logits",
    );
    const float = await vit8("eval", at("alone"), folder, "--float", "--device", "cpu");
    expect(float.stderr).toMatch(/^vit8: [^\n]*float checkpoint[^\n]*\n$/);
  });

  test("--reference compares an int8 folder with its float model, as quantizing at load does", async () => {
    expect((await vit8("quantize", at("tiny"), "-o", at("made"))).code).toBe(0);
    const argv = ["eval", at("made"), folder, "--reference", at("tiny"), "--device", "cpu"];
    const { cosine, agreement, worstLogitError, reference } = JSON.parse(
      (await vit8(...argv, "--json")).stdout,
    );
    const atLoad = JSON.parse((await vit8("eval", at("tiny"), folder, "--device", "cpu", "--json")).stdout);
    expect({ cosine, agreement, worstLogitError }).toEqual({
      cosine: atLoad.cosine,
      agreement: atLoad.agreement,
      worstLogitError: atLoad.worstLogitError,
    });
    expect(reference).toEqual({ ...atLoad.reference, source: at("tiny") });
    expect((await vit8(...argv)).stdout).toMatch(/ int8 \| +tiny \| +difference/);
  });

  test("a reference that is int8, or has other classes, is refused", async () => {
    expect((await vit8("quantize", at("tiny"), "-o", at("int8"))).code).toBe(0);
    const int8 = await vit8("eval", at("int8"), folder, "--reference", at("int8"));
    expect([int8.code, int8.stderr]).toEqual([
      1,
      expect.stringMatching(
        /^vit8: [^\n]*expected a float model as the reference, got int8\. Pass [^\n]*\n$/,
      ),
    ]);
    const two = writeTinyModel(at("two"), {
      config: { num_classes: 2 },
      tensors: (all) => all.map(twoClasses),
    });
    const other = await vit8("eval", at("tiny"), folder, "--reference", two);
    expect([other.code, other.stderr]).toEqual([
      1,
      expect.stringMatching(/^vit8: [^\n]*expected 5 classes, as [^\n]* has, got 2\. [^\n]*\n$/),
    ]);
  });

  test("without a GPU the reason is told once, although two models are loaded", async () => {
    const { stderr } = await vit8("eval", at("tiny"), folder, "--limit", "1");
    expect(stderr).toMatch(/^vit8: running on the CPU: WebGPU has only a software adapter[^\n]*\n$/);
    expect(stderr).not.toMatch(/chrome:/i);
  });

  test("logits and labels of another model are refused", async () => {
    writeFileSync(at("other.f32"), Buffer.alloc(3 * 7 * 4));
    const { code, stderr } = await vit8("eval", at("tiny"), folder, "--logits", at("other.f32"));
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^vit8: [^\n]*other\.f32: expected 3 rows of 5 float32 logits \(60 bytes\)[^\n]* 84 bytes\.\n$/,
    );
    const two = writeTinyModel(at("few"), {
      config: { num_classes: 2 },
      tensors: (all) => all.map(twoClasses),
    });
    expect((await vit8("eval", two, folder)).stderr).toMatch(
      /^vit8: [^\n]*image 3: expected a class below 2/,
    );
    expect((await vit8("eval", at("tiny"), folder, "--batch", "65")).stderr).toMatch(/1 to 64, got "65"/);
  });
});

describe("the program", () => {
  const root = path.resolve(import.meta.dirname, "../..");
  const program = path.join(root, "scripts", "vit8.mjs");
  beforeAll(() => {
    execFileSync(process.execPath, [program, "--help"], { stdio: ["ignore", "ignore", "inherit"] });
  }, 120_000);

  test("stdout is JSON and nothing else", () => {
    const argv = [program, "classify", at("a.png"), "--json"];
    const { status, stdout } = spawnSync(process.execPath, argv, { encoding: "utf8", cwd: folder });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)[0].classes).toHaveLength(5);
  });

  test("stderr is one line for a wrong picture and a wrong model", () => {
    writeFileSync(at("nothing.png"), "");
    for (const argv of [["nothing.png"], ["a.png", "--model", "./none"]]) {
      const options = { encoding: "utf8", cwd: folder } as const;
      const { status, stderr } = spawnSync(process.execPath, [program, "classify", ...argv], options);
      expect(status).toBe(1);
      expect(stderr).toMatch(oneLine);
    }
  });

  test("label finds its threads beside it", () => {
    mkdirSync(at("many"));
    for (let i = 0; i < 160; i++) cpSync(at(pictures[i % 3]), at(`many/${i}.png`));
    const argv = [program, "label", "many", "-o", "many.jsonl", "--device", "cpu", "--model", "tiny"];
    const { status, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8", cwd: folder });
    expect(status).toBe(0);
    expect(stderr).not.toContain("thread");
    expect(stderr).toContain("160 rows, 0 of them with an error");
  });

  test.skipIf(process.platform === "win32")("a pipe that is closed early is no error, a full disk is", () => {
    const shell = (line: string) =>
      spawnSync("sh", ["-c", line], {
        encoding: "utf8",
        cwd: folder,
        env: { ...process.env, NODE: process.execPath },
      });
    const classify = `"$NODE" "${program}" classify a.png b.png c.png a.png b.png c.png`;
    const early = shell(`(${classify}; echo "code $?" >&2) | head -n 1`);
    expect(early.stdout).toBe("a.png\n");
    expect(early.stderr).not.toMatch(/EPIPE|Error|at .*:\d+/);
    const both = shell(`${classify} none.png 2>&1 >/dev/null | head -n 0; echo done`);
    expect(both.stdout).toBe("done\n");
    if (!existsSync("/dev/full")) return;
    const full = shell(`${classify} > /dev/full; echo "code $?"`);
    expect(full.stdout).toBe("code 1\n");
    expect(full.stderr).toMatch(/vit8: stdout: cannot be written \(ENOSPC\)\n/);
  });

  test.skipIf(process.platform === "win32")("Ctrl-C ends it with 130 and without a word", async () => {
    const many = Array.from({ length: 3000 }, () => at("a.png"));
    const child = spawn(process.execPath, [program, "classify", "--device", "cpu", ...many], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (data) => {
      stderr += data;
    });
    child.stdout.once("data", () => child.kill("SIGINT"));
    const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
      child.once("exit", (...ended) => resolve(ended)),
    );
    expect([code, signal]).toEqual([130, null]);
    expect(stderr).not.toContain("vit8");
  });
});

async function logitsOf(model: string): Promise<Float32Array[]> {
  const classifier = await ImageClassifier.load(model);
  const rows = await classifier.logits(await Promise.all(pictures.map((name) => readPicture(at(name)))));
  await classifier.dispose();
  return rows;
}

function twoClasses<T extends { name: string; shape: readonly number[]; bytes: Uint8Array }>(tensor: T): T {
  if (!tensor.name.startsWith("head")) return tensor;
  const [classes, ...rest] = tensor.shape;
  const bytes = tensor.bytes.slice(0, (tensor.bytes.length / classes) * 2);
  return { ...tensor, shape: [2, ...rest], bytes };
}

const half = (bytes: Buffer) => bytes.subarray(0, bytes.length / 2);

/** A small JPEG whose frame header has another size. */
async function jpegThatClaims(width: number, height: number): Promise<Buffer> {
  const bytes = await noise(0).jpeg().toBuffer();
  const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]));
  bytes.writeUInt16BE(height, frame + 5);
  bytes.writeUInt16BE(width, frame + 7);
  return bytes;
}
