/** All texts of the page; a translation is another file like this one. `page` fills index.html by name. */

import type { MethodName } from "../../src/calibration/index.ts";
import { texts as element } from "../../src/element/texts.ts";

const { percent, noLabel } = element;

export const language = "en";

/** The link to the docs, which are beside the page in the built site. */
export const docs = "Documentation";

/** The result of quantizing; `same` is undefined for a model without labels. */
interface Summary {
  readonly floatByteLength: number;
  readonly byteLength: number;
  readonly pictures: number;
  readonly same: number | undefined;
  readonly mean: number;
  readonly least: number;
}

export const page = {
  language,
  title: "vit8: image classification on your GPU",
  description: "Classifies images with an int8 Vision Transformer on your own GPU.",
  name: "vit8",
  motto: "Classify images with an int8 Vision Transformer on your own GPU. Images never leave this device.",
  install: "Install",
  newVersion: "A new version of this page is available.",
  useNewVersion: "Reload",
  picture: "Image",
  choose: "Choose an image",
  orDrop: "or drop or paste one",
  camera: "Camera",
  address: "URL of an image",
  addressExample: "https://",
  show: "Show",
  samples: "Or try one of these",
  samplesHint:
    "Photos: the Getty’s Open Content Program. Models are trained on photos, so drawings may give wrong results.",
  answer: "Result",
  cancel: "Cancel",
  loading: "Loading the model",
  results: "Top 5 labels",
  inside: "What the model sees",
  seen: "The image as the model sees it",
  nothingSeen: "The preprocessed image appears here.",
  attention: "Show attention",
  maps: "Attention of the class token",
  keep: "Compare with the next image",
  times: "Time per pass",
  pass: "Pass",
  elapsed: "Time",
  share: "Share",
  measure: "Measure again",
  ran: "Run details",
  check: "Compare int8 with float on this image",
  model: "Model",
  modelName: "Hugging Face id, or URL of a model folder",
  load: "Load",
  openFolder: "Open a model folder",
  dropFolder: "or drop one anywhere on this page.",
  folder: "Model folder",
  device: "Device",
  auto: "automatic: GPU or CPU",
  webgpu: "GPU (WebGPU)",
  cpu: "CPU",
  precision: "Weights and activations",
  int8: "8-bit integers (int8)",
  float32: "32-bit float",
  nonlinear: "GELU, softmax, LayerNorm",
  exact: "exact, in 32-bit float",
  fast: "fast: GELU with tanh",
  ibert: "integers, I-BERT",
  ivit: "integers, I-ViT",
  quantize: "Quantize a model",
  quantizeWords:
    "Quantize a float checkpoint with a published method: a few images calibrate the range of its activations. Then the quantized and the float model run on the same images. Everything runs on this device.",
  quantizeWaiting: "Waiting for a model.",
  quantizePictures: "Calibration images, at most 64; or drop them here",
  quantizeKeep: "Layers to keep in float",
  quantizeKeepHelp:
    "Names, separated by commas, such as blocks.11.fc1, head. Available for the methods Dynamic and GPTQ only.",
  method: "Method",
  bits: "Bits: weights, activations",
  w8a8: "W8A8",
  w6a6: "W6A6",
  w4a8: "W4A8",
  w4a4: "W4A4",
  seed: "Seed",
  quantizeRun: "Quantize",
  quantizing: "Quantizing",
  quantized: "Quantized model",
  save: "Save as a ZIP file",
  differences: "Image by image",
  difference: "Image",
  floatName: "Float label",
  quantizedName: "Quantized label",
  cosine: "Cosine",
  use: "Use this model",
  saveHint:
    "The ZIP file contains a model folder. Unpack it, then open the folder here, or put it on a server.",
  ownClasses: "Your own classes, and image search by text",
  match: "Match two images",
  knownModels: "Supported models, with sizes and licenses",
  bench: "Benchmark this device",
  element: "The same as a custom element for your page:",
};

export const texts = {
  stages: {
    fallback: "No GPU: loading on the CPU",
    download: "Downloading the model",
    quantize: "Quantizing the weights",
    compile: "Compiling the kernels",
    "self-test": "Running the self-test",
    ready: "Ready",
  } as Record<string, string>,
  doing: (stage: string) => `${stage} …`,
  bytes: (stage: string, loaded: number) => `${stage}: ${megabytes(loaded)}`,
  bytesOf: (stage: string, loaded: number, total: number) =>
    `${stage}: ${(loaded / 1e6).toFixed(1)} of ${megabytes(total)}`,
  readyForPicture: "Ready. Choose an image.",
  cancelled: (kept: string | undefined) => (kept ? `Canceled; ${kept} stays in use.` : "Canceled."),
  looking: "Classifying …",
  answered: (elapsedMs: number) => `Done in ${milliseconds(elapsedMs)}`,
  percent,
  noLabel,
  softwareGpu: (names: string) => `${names}: a software adapter, correct but slow`,
  work: (precision: string, nonlinear: string, dispatches: number, gpuBytes: number) =>
    `${precision}, non-linear operations ${nonlinear}; ${dispatches} dispatches per image; ${megabytes(gpuBytes)} of buffers`,
  selfTest: "Self-test passed: the matrix kernels computed the expected result on this GPU.",
  steps: (steps: number) => `× ${steps}`,
  variant: (variant: string, why: string) => `${variant}; ${why}`,
  noPicture: "Expected an image file. Choose, drop or paste another file.",
  unreadable: (name: string) => `${name}: cannot be read as an image. Try a JPEG, PNG or WebP file.`,
  fetching: "Downloading the image …",
  unreachable: (address: string, why: string) =>
    `${address}: cannot be fetched (${why}). Its server may not allow this page to read it: save the image, and choose the file.`,
  noCamera: (why: string) => `No camera: ${why}. Allow the camera for this page, or choose an image.`,
  pace: ({ framesPerSecond, elapsedMs }: { framesPerSecond: number; elapsedMs: number }) =>
    `Live: ${framesPerSecond.toFixed(1)} frames per second, ${elapsedMs.toFixed(0)} ms each`,
  drawing: (name: string) => `Drawing: ${name}`,
  photograph: (name: string) => `Photo: ${name}`,
  seen: (width: number, height: number, fromWidth: number, fromHeight: number) =>
    width === fromWidth && height === fromHeight
      ? `The whole image, at ${width} × ${height} pixels.`
      : `The center ${width} × ${height} of ${fromWidth} × ${fromHeight} pixels.`,
  rollout: "all blocks",
  head: (number: number) => `head ${number}`,
  attention: (map: string, greatest: number, patches: number) =>
    `Attention, ${map}: bright areas contribute most. The strongest of ${patches} patches has ${percent(greatest)}.`,
  passes: {
    preprocess: "preprocess",
    patch: "patch embedding",
    norm: "LayerNorm",
    qkv: "QKV",
    attention: "attention",
    proj: "projection",
    fc1: "FC1",
    fc2: "FC2",
    head: "head",
  } as Record<string, string>,
  measuring: "Measuring …",
  timestamps: (totalMs: number) => `${milliseconds(totalMs)} on the GPU, by GPU timestamps.`,
  wall: (totalMs: number) =>
    `${milliseconds(totalMs)} by the clock. GPU timestamps are not available, so each pass ran alone, and waits count too.`,
  milliseconds,
  kept: "Kept. Choose another image to compare.",
  likeness: (cosine: number) => `Similarity to the kept image: cosine ${cosine.toFixed(3)} (1 is identical).`,
  onlyCompares: "This model has no labels. It compares images.",
  loadingOther: (precision: string) => `Loading the same model in ${precision} …`,
  agreement: (cosine: number, same: boolean | undefined) =>
    `int8 against float: cosine ${cosine.toFixed(4)}${same === undefined ? "" : same ? ", the same top-1 label" : ", another top-1 label"}.`,
  noFloat32: "32-bit float: not available, because this model has int8 weights",
  methods: {
    dynamic: "Dynamic: scales computed at run time, no calibration",
    minmax: "Min-max (Jacob et al. 2018)",
    ema: "Moving average (Jacob et al. 2018)",
    percentile: "Percentile (Wu et al. 2020)",
    omse: "OMSE (Choukroun et al. 2019)",
    ptq4vit: "PTQ4ViT (Yuan et al. 2022)",
    fqvit: "FQ-ViT (Lin et al. 2022)",
    smoothquant: "SmoothQuant (Xiao et al. 2023)",
    repq: "RepQ-ViT (Li et al. 2023)",
    erq: "ERQ (Zhong et al. 2024): takes minutes",
    gptq: "GPTQ (Frantar et al. 2023), for 4-bit weights",
    adalog: "AdaLog (Wu et al. 2024)",
  } satisfies Record<MethodName | "dynamic", string>,
  quantizing: {
    stages: {
      download: "Reading the float weights:",
      observe: "Running the float model on the images:",
      quantize: "Quantizing block by block:",
      compare: "Comparing with float:",
    },
    bytes: (done: number, total: number | undefined) =>
      total ? `${(done / 1e6).toFixed(1)} of ${megabytes(total)}` : megabytes(done),
    step: (step: number, steps: number) => `${step} of ${steps}`,
    ready: "The current model has float weights and can be quantized.",
    noFloat:
      "The current model already has int8 weights. Load a float checkpoint such as facebook/deit-tiny-patch16-224, or drop its folder on this page.",
    noGpu: "Calibration needs WebGPU, but the current model runs on the CPU.",
    own: (names: string[], given: number) =>
      `${names.length}${given > names.length ? ` of ${given}` : ""}: ${names.slice(0, 8).join(", ")}${names.length > 8 ? " …" : ""}`,
    ownPhotographs: "None chosen: using the four photos of this page.",
    cancelled: "Canceled.",
    summary: ({ floatByteLength, byteLength, pictures, same, mean, least }: Summary) =>
      [
        `Weights: ${megabytes(byteLength)} instead of ${megabytes(floatByteLength)}.`,
        ...(same === undefined ? [] : [`Same top-1 label as float for ${same} of ${pictures} images.`]),
        `Cosine with the float ${same === undefined ? "embeddings" : "logits"}: mean ${mean.toFixed(4)}, minimum ${least.toFixed(4)}.`,
      ].join(" "),
    cosine: (cosine: number) => cosine.toFixed(4),
    save: (byteLength: number) => `${page.save} (${megabytes(byteLength)})`,
  },
  noFloat:
    "This model has int8 weights, and no float weights to compare with. Load a float model such as facebook/deit-tiny-patch16-224.",
  bundledModel:
    "everyday80 is vit8's own small model, included in this page. It has 80 labels of everyday things and a top-1 accuracy of about 44%, so it is often wrong. Larger models such as facebook/deit-tiny-patch16-224 have more labels and higher accuracy.",
  otherModel:
    "See the model card for its accuracy. Float weights are quantized to int8 during the download, unless you choose 32-bit float.",
  namelessFolder: "the folder",

  useGpu: "How to use a GPU",
  noWebGpu: "Browsers with WebGPU:",
  withWebGpu: [
    "Chrome or Edge 113 or newer on Windows, macOS and ChromeOS; 121 on Android.",
    "Chrome 144 on Linux with an Intel GPU, 147 with an NVIDIA GPU; with other GPUs enable chrome://flags/#enable-unsafe-webgpu, and start it with --enable-features=Vulkan.",
    "Safari 26 or newer on macOS, iOS and iPadOS.",
    "Firefox 141 or newer on Windows, 145 on macOS with Apple silicon.",
    "The page must be served over https or from localhost.",
  ],
};

function milliseconds(elapsedMs: number): string {
  return `${elapsedMs.toFixed(elapsedMs < 10 ? 2 : elapsedMs < 100 ? 1 : 0)} ms`;
}

function megabytes(byteLength: number): string {
  return `${(byteLength / 1e6).toFixed(1)} MB`;
}
