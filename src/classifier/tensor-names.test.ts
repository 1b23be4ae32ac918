// One network with every library's or wrapper's names of its tensors, and with extra tensors: one result.

import { describe, expect, test } from "vitest";
import peers from "../../test/peers/names.json" with { type: "json" };
import { dynamicFiles, readFloatModel } from "../calibration/quantize.ts";
import { quantizedFiles } from "../calibration/quantized-model.ts";
import { ModelFormatError, UnsupportedModelError } from "../errors/errors.ts";
import { openFilesFolder } from "../format/files-folder.ts";
import { parseSafetensorsHeader, type StoredTensor, writeSafetensors } from "../format/safetensors.ts";
import { accepted } from "../testing/accepted.ts";
import type { LoadOptions } from "./api.ts";
import { LocalClassifier, pagePlatform } from "./local-classifier.ts";
import { inTransformersNames } from "./made-up-names.shared.ts";
import {
  type MadeUpVit,
  madeUpPicture,
  madeUpTensors,
  PLAIN,
  timmFiles,
  transformersFiles,
} from "./made-up-vit.shared.ts";
import { describeModel } from "./model.ts";

interface Files {
  "config.json": string;
  "model.safetensors": Uint8Array;
}

async function answerOf(files: Files, vit: MadeUpVit = SMALL, options: LoadOptions = {}) {
  const classifier = await LocalClassifier.loadOn(pagePlatform, { ...files }, { device: "cpu", ...options });
  const picture = madeUpPicture(vit);
  const logits = vit.classes ? await classifier.logits(picture) : undefined;
  const answer = [...(logits ?? []), ...(await classifier.embed(picture))];
  const { ignoredTensors } = classifier.report;
  await classifier.dispose();
  return { answer, ignoredTensors };
}

const SMALL: MadeUpVit = { ...PLAIN, width: 64, depth: 1, mlpWidth: 128, classes: 4 };
const tensors = madeUpTensors(SMALL);
const saved = transformersFiles(SMALL, tensors);
const { answer: expected } = await answerOf(saved);

/** The tensors as a file has them. */
function stored({ "model.safetensors": file }: Files): StoredTensor[] {
  const { entries, dataOffset } = parseSafetensorsHeader(file);
  return entries.map((entry) => ({
    ...entry,
    bytes: file.slice(dataOffset + entry.begin, dataOffset + entry.end),
  }));
}

function withTensors<F extends Files>(files: F, change: (tensors: StoredTensor[]) => StoredTensor[]): F {
  return { ...files, "model.safetensors": Buffer.concat(writeSafetensors(change(stored(files)))) };
}

const renamed = <F extends Files>(files: F, rename: (name: string) => string) =>
  withTensors(files, (all) => all.map((tensor) => ({ ...tensor, name: rename(tensor.name) })));

/** With others beside them, of two values each. */
const beside = <F extends Files>(files: F, ...names: string[]) =>
  withTensors(files, (all) => [
    ...all,
    ...names.map((name) => ({ name, dtype: "F16", shape: [2], bytes: new Uint8Array(4) }) as const),
  ]);

/** Twice, once under another prefix and with other values. */
const twice = <F extends Files>(files: F, one: string, two: string) =>
  withTensors(files, (all) => [
    ...all.map((tensor) => ({ ...tensor, name: one + tensor.name })),
    ...all.map((tensor) => ({
      ...tensor,
      name: two + tensor.name,
      bytes: new Uint8Array(tensor.bytes.length),
    })),
  ]);

describe("names of the libraries", () => {
  const MODELS: Record<string, Partial<MadeUpVit>> = {
    ViTForImageClassification: {},
    ViTModel: { classes: 0 },
    DeiTModel: { classes: 0, prefixTokens: 2 },
    DeiTForImageClassification: { prefixTokens: 2 },
    DeiTForImageClassificationWithTeacher: { prefixTokens: 2, headsCount: 2 },
    Dinov2Model: { classes: 0, layerScale: true },
  };
  const families = Object.keys(MODELS) as (keyof typeof MODELS & keyof typeof peers)[];
  const NAMES = ["saved", "state_dict"] as const;

  test.each(families.flatMap((family) => NAMES.map((names) => [family, names] as const)))(
    "those of the made-up %s are transformers' own: %s",
    (family, names) => {
      const theirs = (peers[family] as Record<string, object>)[names];
      const ours = inTransformersNames(family, madeUpTensors({ ...SMALL, ...MODELS[family] }), names);
      const needed = Object.entries(theirs).filter(([name]) => !/pooler|mask_token/.test(name));
      const shapes = [...ours].map(([name, { shape }]) => [name, shape]);
      expect(Object.fromEntries(shapes)).toEqual(Object.fromEntries(needed));
    },
  );

  test(accepted(
    "Tensors",
    "names of ViT, DeiT and DINOv2 as save_pretrained writes them, and those of transformers 5 (layers.N.attention.q_proj), with vit. or without",
    "transformers 5.18.0",
  ), async () => {
    for (const change of Object.values(MODELS)) {
      const vit = { ...SMALL, ...change };
      const made = madeUpTensors(vit);
      const all = await Promise.all(
        NAMES.flatMap((names) => {
          const files = transformersFiles(vit, made, "F32", names);
          const bare = renamed(files, (name) => name.replace(/^(vit|deit)\./, ""));
          const based = renamed(bare, (name) => (/classifier/.test(name) ? name : `vit.${name}`));
          return [files, bare, based].map((one) => answerOf(one, vit));
        }),
      );
      const [first, ...others] = all;
      expect(first.answer).toHaveLength(vit.classes + vit.width);
      for (const other of others) expect(other).toEqual({ answer: first.answer, ignoredTensors: [] });
    }
  }, 30_000);

  test("one layer by new names among others by old ones answers, too", async () => {
    const old = /^vit\.encoder\.layer\.0\.attention\.attention\.([qkv])\w+/;
    const mixed = renamed(saved, (name) => name.replace(old, "vit.layers.0.attention.$1_proj"));
    expect(await answerOf(mixed)).toEqual({ answer: expected, ignoredTensors: [] });
  });
});

/** Element i of the t-th tensor, as test/peers/names.py fills it. */
function peersFile(shapes: Record<string, readonly number[]>): Uint8Array {
  const all = Object.entries(shapes).map(([name, shape], t): StoredTensor => {
    const length = shape.reduce((a, b) => a * b, 1);
    const isScale = (name.includes("norm") && name.endsWith("weight")) || /(lambda1|gamma)$/.test(name);
    const values = Float32Array.from(
      { length },
      (_, i) => ((((31 * i + 17 * t) * 7919) % 257) - 128) / 1024 + Number(isScale),
    );
    return { name, dtype: "F32", shape, bytes: new Uint8Array(values.buffer) };
  });
  return Buffer.concat(writeSafetensors(all));
}

describe("the libraries' own answers", () => {
  const sizes = { hidden_size: 64, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 128 };
  const picture = { mlp_ratio: 2, image_size: 16, patch_size: 8, num_labels: 4 };
  const timm = { img_size: 16, patch_size: 8, embed_dim: 64, depth: 1, num_heads: 2, mlp_ratio: 2 };
  const half = [0.5, 0.5, 0.5];
  const rgba = Uint8Array.from({ length: 16 * 16 * 4 }, (_, i) =>
    i % 4 === 3 ? 255 : (37 * (3 * (i >> 2) + (i % 4))) % 256,
  );

  test.each(Object.entries(peers))("%s in float32", async (family, { state_dict, answer }) => {
    const isTimm = /^[a-z]/.test(family);
    const pretrained_cfg = { input_size: [3, 16, 16], crop_pct: 1, mean: half, std: half };
    const model_args = family.includes("dinov2") ? { ...timm, init_values: 1e-5 } : timm;
    const num_classes = family.includes("dinov2") ? 0 : 4;
    const config = isTimm
      ? { architecture: family, num_classes, model_args, pretrained_cfg }
      : { architectures: [family], ...sizes, ...picture };
    const files = {
      "config.json": JSON.stringify(config),
      "preprocessor_config.json": JSON.stringify({
        ...{ image_processor_type: "ViTImageProcessor", size: { height: 16, width: 16 } },
        ...{ image_mean: half, image_std: half },
      }),
      "model.safetensors": peersFile(state_dict as unknown as Record<string, number[]>),
    };
    const options = { device: "cpu", precision: "float32" } as const;
    const classifier = await LocalClassifier.loadOn(pagePlatform, files, options);
    const pixels = { width: 16, height: 16, rgba };
    const hasHead = classifier.labels.length > 0;
    const got = await (hasHead ? classifier.logits(pixels) : classifier.embed(pixels, { pooling: "cls" }));
    await classifier.dispose();
    expect(got).toHaveLength(answer.length);
    // f32 sums of up to 192 products in another order than the library's: about 1e-6 of values up to 3.
    const worst = Math.max(...answer.map((value, i) => Math.abs(value - got[i]) / (1 + Math.abs(value))));
    expect(worst).toBeLessThan(5e-6);
  });
});

describe("what wraps a network", () => {
  const WRAPPERS = [
    ...["_orig_mod.", "module.", "_orig_mod.module.", "module._orig_mod.", "base_model.model.", "model."],
    ...["model.module.", "net.", "encoder.", "backbone.", "student.", "some.thing.else.", "timm_model."],
  ];

  test(accepted(
    "Tensors",
    "one prefix for all names, such as that of torch.compile, DDP, Lightning or peft",
    "transformers 5.18.0, timm 1.0.29",
  ), async () => {
    const timms = timmFiles(SMALL, tensors);
    const all = WRAPPERS.flatMap((prefix) => [
      renamed(saved, (name) => prefix + name),
      renamed(transformersFiles(SMALL, tensors, "F32", "state_dict"), (name) => prefix + name),
      renamed(timms, (name) => prefix + name),
    ]);
    for (const files of all) expect(await answerOf(files)).toEqual({ answer: expected, ignoredTensors: [] });
  }, 60_000);

  test("parts may be wrapped by themselves, and the head lie outside", async () => {
    const renames: ((name: string) => string)[] = [
      (name) => name.replace(/^vit\.encoder\.layer\.0\./, "$&_orig_mod."),
      (name) => name.replace(/^/, "_fsdp_wrapped_module.").replace(/layer\.0\./, "$&_fsdp_wrapped_module."),
      (name) => name.replace(/layer\.0\./, "$&_checkpoint_wrapped_module."),
      (name) => (/^classifier/.test(name) ? name : `backbone.${name}`),
      (name) => name.replace(/^vit\./, "model.backbone.").replace(/^classifier/, "model.classifier"),
      (name) => name.replace(/^vit\./, "model.backbone.").replace(/^classifier/, "head"),
      (name) => name.replace(/^classifier/, "vit.classifier"),
    ];
    for (const rename of renames)
      expect(await answerOf(renamed(saved, rename))).toEqual({ answer: expected, ignoredTensors: [] });
  });

  test("two networks in one file are refused, but for one with the library's own names", async () => {
    for (const [one, two] of [
      ["student.", "teacher."],
      ["model.", "model_ema."],
      ["module.", "ema.module."],
    ]) {
      const loaded = answerOf(twice(saved, one, two));
      await expect(loaded).rejects.toThrow(ModelFormatError);
      await expect(loaded).rejects.toThrow(`expected one network, got one at "${one}" and one at`);
    }
    const withTwin = await answerOf(twice(saved, "", "ema."));
    expect(withTwin.answer).toEqual(expected);
    expect(withTwin.ignoredTensors).toContain("ema.vit.embeddings.cls_token");
    expect(withTwin.ignoredTensors).toHaveLength(stored(saved).length);
    const bare = renamed(saved, (name) => name.replace(/^vit\./, ""));
    await expect(answerOf(twice(bare, "", "vit."))).rejects.toThrow("expected one, got both");
  });

  test("an adapter that is not merged is refused: without it, the answer is another", async () => {
    const lora = "base_model.model.vit.encoder.layer.0.attention.attention.query.lora_A.default.weight";
    const loaded = answerOf(
      beside(
        renamed(saved, (name) => `base_model.model.${name}`),
        lora,
      ),
    );
    await expect(loaded).rejects.toThrow(UnsupportedModelError);
    await expect(loaded).rejects.toThrow("Merge adapters");
  });
});

describe("tensors beside the network", () => {
  test(
    accepted(
      "Tensors",
      "tensors that the model does not use: ignored, and listed in report.ignoredTensors",
      "transformers 5.18.0",
    ),
    async () => {
      const names = [
        ...["loss_fct.weight", "vit.layers.1.norm.weight", "vit.encoder.layer.1.layernorm_before.weight"],
        ...["vit.encoder.layer.0.attention.q_norm.weight", "vit.embeddings.register_tokens", "head.weight"],
        ...[
          "vit.classifier.weight",
          "distillation_classifier.bias",
          "optimizer.0.step",
          "embeddings",
          "x.norm.weight",
        ],
        ...["vit.encoder.layer.0.attention.attention.relative_position_bias.weight", "vit.pooler.dense.bias"],
      ];
      for (const names_ of ["saved", "state_dict"] as const) {
        const files = transformersFiles(SMALL, tensors, "F32", names_);
        const { answer, ignoredTensors } = await answerOf(beside(files, ...names));
        expect(answer).toEqual(expected);
        expect(ignoredTensors.toSorted()).toEqual(names.toSorted());
      }
    },
  );

  test("they may be empty, or of types that no weight has", async () => {
    const odd = (
      [
        ["position_ids", "I64", [1, 5], 40],
        ["steps", "U64", [], 8],
        ["mask", "BOOL", [3], 3],
        ["bytes", "U8", [3], 3],
        ["eighths", "F8_E4M3", [3], 3],
        ["exponents", "F8_E8M0", [3], 3],
        ["uneven", "F8_E5M2FNUZ", [3], 3],
        ["sixths", "F6_E2M3", [4], 3],
        ["quarters", "F4", [2, 2], 2],
        ["complex", "C64", [2], 16],
        ["empty", "F16", [0], 0],
        ["empty, too", "I64", [0, 3], 0],
      ] as const
    ).map(([name, dtype, shape, bytes]) => ({ name, dtype, shape, bytes: new Uint8Array(bytes) }));
    const { answer, ignoredTensors } = await answerOf(withTensors(saved, (all) => [...all, ...odd]));
    expect(answer).toEqual(expected);
    expect(ignoredTensors.toSorted()).toEqual(odd.map(({ name }) => name).toSorted());
  });

  test("timm's own network is taken whole: what is no part of it is left out, what is, refused", async () => {
    const timms = timmFiles(SMALL, tensors);
    const { answer, ignoredTensors } = await answerOf(beside(timms, "loss_fct.weight", "head_dist.bias"));
    expect(answer).toEqual(expected);
    expect(ignoredTensors).toEqual(["loss_fct.weight", "head_dist.bias"]);
    for (const name of [
      "blocks.0.attn.q_norm.weight",
      "blocks.1.norm1.weight",
      "reg_token",
      "fc_norm.weight",
    ])
      await expect(answerOf(beside(timms, name))).rejects.toThrow(
        `tensor "${name}": not part of the network`,
      );
  });

  test("the report names a hundred of them at most", async () => {
    const names = Array.from({ length: 300 }, (_, i) => `other.${i}`);
    const { answer, ignoredTensors } = await answerOf(beside(saved, ...names));
    expect(answer).toEqual(expected);
    expect(ignoredTensors).toEqual(names.slice(0, 100));
  });

  test.each(stored(saved).map(({ name }) => name))(
    "without %s it is refused, whatever lies beside it",
    async (name) => {
      const files = withTensors(saved, (all) => all.filter((tensor) => tensor.name !== name));
      await expect(answerOf(beside(files, "loss_fct.weight"))).rejects.toThrow(
        /expected tensor \S+ \[.*got none/,
      );
    },
  );

  test("another network is told by its first tensor", async () => {
    const other = renamed(saved, (name) => name.replace("patch_embeddings.projection", "conv"));
    await expect(answerOf(other)).rejects.toThrow(
      /expected tensor patch.weight \[64,3,8,8\].*"vit.embeddings.cls_token"/,
    );
  });

  test("a head of other classes is refused, and one of a teacher is not taken for it", async () => {
    const other = withTensors(saved, (all) =>
      all.map((tensor) =>
        tensor.name === "classifier.bias" ? { ...tensor, shape: [5], bytes: new Uint8Array(20) } : tensor,
      ),
    );
    await expect(answerOf(other)).rejects.toThrow('tensor "classifier.bias": expected shape [4], got [5]');
    const teachers = renamed(saved, (name) => name.replace("classifier", "cls_classifier"));
    await expect(answerOf(beside(teachers, "loss"))).rejects.toThrow("expected tensor head.weight");
  });
});

test("an int8 folder made of any of them answers as the float one, without what was beside it", async () => {
  const float = [
    saved,
    transformersFiles(SMALL, tensors, "F32", "state_dict"),
    renamed(saved, (name) => `_orig_mod.${name}`),
    beside(saved, "loss_fct.weight", "vit.classifier.weight"),
    renamed(timmFiles(SMALL, tensors), (name) => `module.${name}`),
  ];
  for (const files of float) {
    const made = await quantizedFiles(openFilesFolder({ ...files }));
    const int8 = Object.fromEntries([...made].map(([name, pieces]) => [name, Buffer.concat(pieces)]));
    expect(await answerOf(int8 as unknown as Files)).toEqual({ answer: expected, ignoredTensors: [] });
    const more = await answerOf(beside(int8 as unknown as Files, "loss_fct.weight"));
    expect(more).toEqual({ answer: expected, ignoredTensors: ["loss_fct.weight"] });
    const shifted = stored(int8 as unknown as Files)
      .find(({ dtype }) => dtype === "I8")!
      .name.concat("_zero_point");
    await expect(answerOf(beside(int8 as unknown as Files, shifted))).rejects.toThrow(UnsupportedModelError);
  }
});

test("a layer kept in float is found again under the names of any of them", async () => {
  for (const files of [
    saved,
    transformersFiles(SMALL, tensors, "F32", "state_dict"),
    renamed(saved, (name) => `_orig_mod.${name}`),
    renamed(timmFiles(SMALL, tensors), (name) => `module.${name}`),
  ]) {
    const made = await quantizedFiles(openFilesFolder({ ...files }), { keep: { "blocks.0.qkv": "float" } });
    const model = await describeModel(
      openFilesFolder(Object.fromEntries([...made].map(([name, pieces]) => [name, Buffer.concat(pieces)]))),
    );
    expect(model.quantization!.ignore).toEqual(["blocks.0.query", "blocks.0.key", "blocks.0.value"]);
  }
});

test("calibration and 4-bit weights have the same tensors of any of them", async () => {
  const made = async (files: Files) => {
    const model = await readFloatModel(openFilesFolder({ ...files }));
    const int4 = Buffer.concat((await dynamicFiles(model, 4)).get("model.safetensors")!);
    const all = stored({ "config.json": "", "model.safetensors": int4 });
    return new Map(all.map(({ name, dtype, shape, bytes }) => [name, { dtype, shape, bytes }]));
  };
  const expectedTensors = await made(saved);
  for (const files of [
    transformersFiles(SMALL, tensors, "F32", "state_dict"),
    renamed(saved, (name) => `_orig_mod.module.${name}`),
    beside(saved, "loss_fct.weight"),
    renamed(timmFiles(SMALL, tensors), (name) => `model.${name}`),
  ])
    expect(await made(files)).toEqual(expectedTensors);
});
