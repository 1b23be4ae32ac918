/** The models that people know, by family: the page of models and docs/models.md read this one table. */

export interface KnownModel {
  /** On the Hub. */
  readonly id: string;
  /** Of what vit8 runs, in millions: of CLIP and SigLIP the image tower, of MAE the encoder. */
  readonly parameters: number;
  /** As the model's page or repository states it. */
  readonly license: string;
}

export interface KnownFamily {
  readonly name: string;
  /** Files of src/network/families, and of its folder timm with `timm/` before. */
  readonly files: readonly string[];
  /** Classes of transformers, and architectures of timm; Markdown. */
  readonly transformers: string;
  readonly timm: string;
  /** What the site does with its models: names images, matches patches of two images, or compares whole images. */
  readonly does: "classify" | "match" | "compare";
  readonly models: readonly KnownModel[];
}

/** A model as `id, millions of parameters, license`. */
const model = (id: string, parameters: number, license: string): KnownModel => ({ id, parameters, license });

const APACHE = "Apache-2.0";

export const families: readonly KnownFamily[] = [
  {
    name: "ViT",
    files: ["vit", "timm/vit", "timm/flexivit"],
    transformers: "`ViTForImageClassification`, `ViTModel`, `ViTForMaskedImageModeling` (the encoder)",
    timm: "`vit_*`: class token, average, attention or no pooling, registers, QK norm, SwiGLU, layer scale, a norm before the blocks",
    does: "classify",
    models: [
      model("timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k", 5.7, APACHE),
      model("timm/vit_small_patch16_224.augreg_in21k_ft_in1k", 22.1, APACHE),
      model("google/vit-base-patch16-224", 86.6, APACHE),
      model("google/vit-large-patch16-224", 304.3, APACHE),
    ],
  },
  {
    name: "DeiT, DeiT-III",
    files: ["deit", "timm/deit", "timm/deit3"],
    transformers: "`DeiTForImageClassification`, `...WithTeacher`, `DeiTModel`",
    timm: "`deit_*`, `deit3_*`",
    does: "classify",
    models: [
      model("facebook/deit-tiny-patch16-224", 5.7, APACHE),
      model("facebook/deit-tiny-distilled-patch16-224", 5.9, APACHE),
      model("facebook/deit-small-patch16-224", 22.1, APACHE),
      model("facebook/deit-base-patch16-224", 86.6, APACHE),
      model("timm/deit3_small_patch16_224.fb_in1k", 22.1, APACHE),
    ],
  },
  {
    name: "MAE, MSN, I-JEPA",
    files: ["vit-mae", "vit-msn", "ijepa"],
    transformers: "`ViTMAEModel`, `ViTMAEForPreTraining` (the encoder), `ViTMSN...`, `IJepa...`",
    timm: "",
    does: "match",
    models: [
      model("facebook/vit-mae-base", 85.8, APACHE),
      model("facebook/vit-msn-small", 21.7, APACHE),
      model("facebook/ijepa_vith14_1k", 630.8, "CC-BY-NC-4.0"),
    ],
  },
  {
    name: "DINOv2, with and without registers",
    files: ["dinov2", "dinov2-with-registers"],
    transformers: "`Dinov2...`, `Dinov2WithRegisters...`, also with a head and with SwiGLU",
    timm: "`vit_*_dinov2`",
    does: "match",
    models: [
      model("facebook/dinov2-small", 22.1, APACHE),
      model("facebook/dinov2-base", 86.6, APACHE),
      model("facebook/dinov2-large", 304.4, APACHE),
      model("facebook/dinov2-giant", 1136.5, APACHE),
      model("facebook/dinov2-with-registers-small", 22.1, APACHE),
      model("facebook/dinov2-with-registers-base", 86.6, APACHE),
    ],
  },
  {
    name: "DINOv3",
    files: ["dinov3-vit", "timm/dinov3"],
    transformers: "`DINOv3ViTModel`",
    timm: "`vit_*_dinov3`",
    does: "match",
    models: [
      model("timm/vit_small_patch16_dinov3.lvd1689m", 21.6, "DINOv3 License"),
      model("timm/vit_base_patch16_dinov3.lvd1689m", 85.6, "DINOv3 License"),
      model("timm/vit_large_patch16_dinov3.lvd1689m", 303.1, "DINOv3 License"),
    ],
  },
  {
    name: "EVA-02",
    files: ["timm/eva", "timm/eva02"],
    transformers: "",
    timm: "`eva02_*`, `eva_giant_*`, and the image towers `eva02_*_clip_*`, `eva_giant_*_clip_*`",
    does: "classify",
    models: [
      model("timm/eva02_small_patch14_336.mim_in22k_ft_in1k", 22.1, "MIT"),
      model("timm/eva02_base_patch14_448.mim_in22k_ft_in22k_in1k", 87.1, "MIT"),
    ],
  },
  {
    name: "BEiT, BEiT v2, data2vec",
    files: ["beit", "data2vec-vision", "timm/beit", "timm/beitv2"],
    transformers: "`BeitForImageClassification`, `BeitModel`, `Data2VecVision...`",
    timm: "`beit_*`, `beitv2_*`",
    does: "classify",
    models: [
      model("microsoft/beit-base-patch16-224", 86.5, APACHE),
      model("facebook/data2vec-vision-base-ft1k", 86.5, APACHE),
      model("timm/beitv2_base_patch16_224.in1k_ft_in22k_in1k", 86.5, APACHE),
    ],
  },
  {
    name: "CLIP, image tower",
    files: ["clip", "clip-vision-model"],
    transformers:
      "`CLIPModel`, `CLIPVisionModel`, `CLIPVisionModelWithProjection`, `CLIPForImageClassification`",
    timm: "`vit_*_clip_*`",
    does: "compare",
    models: [
      model("openai/clip-vit-base-patch32", 87.8, "MIT"),
      model("laion/CLIP-ViT-B-32-laion2B-s34B-b79K", 87.8, "MIT"),
    ],
  },
  {
    name: "SigLIP, SigLIP 2, image tower",
    files: ["siglip", "siglip-vision-model"],
    transformers: "`SiglipModel`, `SiglipVisionModel`, `SiglipForImageClassification`",
    timm: "`vit_*_siglip_*`",
    does: "match",
    models: [
      model("google/siglip-base-patch16-224", 92.9, APACHE),
      model("google/siglip2-base-patch16-224", 92.9, APACHE),
      model("google/siglip-so400m-patch14-384", 428.2, APACHE),
    ],
  },
  {
    name: "YOLOS",
    files: ["yolos"],
    transformers: "`YolosForObjectDetection`, `YolosModel`",
    timm: "",
    does: "match",
    models: [],
  },
  {
    name: "Swin, Swin V2",
    files: ["swin", "swinv2", "timm/swin", "timm/swinv2"],
    transformers: "`Swin...`, `Swinv2...`",
    timm: "`swin_*`, `swin_s3_*`, `swinv2_*`",
    does: "classify",
    models: [
      model("microsoft/swin-tiny-patch4-window7-224", 28.3, APACHE),
      model("microsoft/swin-base-patch4-window7-224", 87.8, APACHE),
      model("microsoft/swinv2-tiny-patch4-window8-256", 28.3, APACHE),
    ],
  },
];

export interface RefusedModel {
  /** Ids of the Hub, or a name for many of them. */
  readonly name: string;
  readonly why: string;
}

/** Models that do not load, with the reason; they are rejected before any weights are downloaded. */
export const refused: readonly RefusedModel[] = [
  { name: "facebook/detr-*, SAM, SAM 2", why: "A decoder after the encoder." },
  { name: "ConvNeXt, ResNet, MobileViT", why: "Convolutions." },
  { name: "CaiT, XCiT", why: "Talking heads, or attention over channels." },
  { name: "SigLIP 2 NaFlex", why: "Each image has its own grid of patches." },
];

/** Megabytes of the weights, about. */
export const int8Megabytes = ({ parameters }: KnownModel): number => parameters;
export const floatMegabytes = ({ parameters }: KnownModel): number => 4 * parameters;
