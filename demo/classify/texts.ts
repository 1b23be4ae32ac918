/** Every word that the page says: a translation is another file like this one. `page` fills index.html, by name. */

import type { MethodName } from "../../src/calibration/index.ts";

export const language = "en";

/** The link to the docs, which are beside the page in the built site. */
export const docs = "Documentation";

/** What came of quantising; `same` is undefined for a model without names. */
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
  title: "vit8: what is in the picture?",
  description: "Names what is in a picture: an int8 Vision Transformer on your own GPU.",
  name: "vit8",
  motto:
    "What is in the picture? A Vision Transformer in 8-bit integers answers, on your own GPU. The picture never leaves this machine.",
  install: "Install",
  newVersion: "A new version of this page is here.",
  useNewVersion: "Use it now",
  picture: "Picture",
  choose: "Choose a picture",
  orDrop: "or drop or paste one",
  camera: "Camera",
  address: "Address of a picture",
  addressExample: "https://",
  show: "Show",
  samples: "Or try one of these",
  samplesHint:
    "Photographs: the Getty’s Open Content Program. Models learn from photographs; a drawing may mislead them.",
  answer: "Answer",
  cancel: "Cancel",
  loading: "Loading the model",
  results: "The five likeliest names",
  inside: "What the model sees",
  seen: "The picture as the model sees it",
  nothingSeen: "The picture as it reaches the model will be here.",
  attention: "Show where it looks",
  maps: "Attention of the class token",
  keep: "Compare with the next picture",
  times: "Where the time goes",
  pass: "Pass",
  elapsed: "Time",
  share: "Share",
  measure: "Measure again",
  ran: "What ran",
  check: "Compare int8 with float on this picture",
  model: "Model",
  modelName: "A Hugging Face id, or the address of a model folder",
  load: "Load",
  openFolder: "Open a model folder",
  dropFolder: "or drop one anywhere on this page.",
  folder: "Model folder",
  device: "Device",
  auto: "automatic: a GPU, or the CPU",
  webgpu: "GPU (WebGPU)",
  cpu: "CPU",
  precision: "Weights and activations",
  int8: "8-bit integers (int8)",
  float32: "32-bit float",
  nonlinear: "GELU, softmax, LayerNorm",
  exact: "exact, in 32-bit float",
  fast: "fast: GELU by its tanh form",
  ibert: "in integers, as I-BERT",
  ivit: "in integers, as I-ViT",
  quantize: "Quantise it yourself",
  quantizeWords:
    "A float checkpoint in fewer bits, by a published method: a few pictures show which values its activations take. Then it and float are asked about the same pictures. All of it happens here.",
  quantizeWaiting: "Waiting for a model.",
  quantizePictures: "Pictures to calibrate on, 64 at most; or drop them here",
  method: "Method",
  bits: "Bits: weights, activations",
  w8a8: "W8A8",
  w6a6: "W6A6",
  w4a8: "W4A8",
  w4a4: "W4A4",
  seed: "Seed",
  quantizeRun: "Quantise",
  quantizing: "Quantising",
  quantized: "The quantised model",
  save: "Save as a ZIP file",
  differences: "Picture by picture",
  difference: "Picture",
  floatName: "Float says",
  quantizedName: "It says",
  cosine: "Cosine",
  use: "Use this model",
  saveHint: "The ZIP file holds a model folder: unpack it, then open the folder here, or put it on a server.",
  ownClasses: "Your own classes, and a search by words",
  match: "Match two pictures",
  knownModels: "Models that load, with sizes and licenses",
  bench: "Measure this GPU",
  element: "The same as an element for your own page:",
};

export const texts = {
  stages: {
    fallback: "No GPU: loading on the CPU",
    download: "Downloading the model",
    quantize: "Quantising and packing its weights",
    compile: "Preparing the kernels",
    "self-test": "Checking their arithmetic",
    ready: "Ready",
  } as Record<string, string>,
  doing: (stage: string) => `${stage} …`,
  bytes: (stage: string, loaded: number) => `${stage}: ${megabytes(loaded)}`,
  bytesOf: (stage: string, loaded: number, total: number) =>
    `${stage}: ${(loaded / 1e6).toFixed(1)} of ${megabytes(total)}`,
  readyForPicture: "Ready. Choose a picture.",
  cancelled: (kept: string | undefined) => (kept ? `Cancelled; ${kept} stays in use.` : "Cancelled."),
  looking: "Looking …",
  answered: (elapsedMs: number) => `Answered in ${milliseconds(elapsedMs)}`,
  score: percent,
  softwareGpu: (names: string) => `${names}: a GPU in software: right, but slow`,
  work: (precision: string, nonlinear: string, dispatches: number, gpuBytes: number) =>
    `${precision}, non-linear operations ${nonlinear}; ${dispatches} dispatches a picture; ${megabytes(gpuBytes)} of buffers`,
  selfTest:
    "Self-test passed: before their first use the matrix kernels computed a known product right, here.",
  steps: (steps: number) => `× ${steps}`,
  variant: (variant: string, why: string) => `${variant}; ${why}`,
  noPicture: "That is not a picture: choose, drop or paste an image file.",
  unreadable: (name: string) => `${name}: cannot be read as a picture; try a JPEG, PNG or WebP file.`,
  fetching: "Fetching the picture …",
  unreachable: (address: string, why: string) =>
    `${address}: cannot be fetched (${why}); its server may keep other pages from reading it. Save the picture and choose the file.`,
  noCamera: (why: string) => `No camera: ${why}. Allow the camera for this page, or choose a picture.`,
  pace: ({ framesPerSecond, elapsedMs }: { framesPerSecond: number; elapsedMs: number }) =>
    `Live: ${framesPerSecond.toFixed(1)} frames a second, ${elapsedMs.toFixed(0)} ms each`,
  drawing: (name: string) => `Drawing: ${name}`,
  photograph: (name: string) => `Photograph: ${name}`,
  seen: (width: number, height: number, fromWidth: number, fromHeight: number) =>
    width === fromWidth && height === fromHeight
      ? `All of the picture, at ${width} × ${height} pixels.`
      : `Of ${fromWidth} × ${fromHeight} pixels the middle ${width} × ${height}.`,
  rollout: "all blocks",
  head: (number: number) => `head ${number}`,
  attention: (map: string, greatest: number, patches: number) =>
    `Attention, ${map}: bright where the model looks. The greatest of ${patches} patches has ${percent(greatest)}.`,
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
  timestamps: (totalMs: number) => `${milliseconds(totalMs)} on the GPU, by its own timestamps.`,
  wall: (totalMs: number) =>
    `${milliseconds(totalMs)}, by the clock: there are no GPU timestamps here, so each pass went alone and any wait counts too.`,
  milliseconds,
  kept: "Kept. Choose another picture to compare.",
  likeness: (cosine: number) => `Likeness to the picture kept: cosine ${cosine.toFixed(3)} (1 is the same).`,
  onlyCompares: "This model has no names to give; it compares pictures.",
  loadingOther: (precision: string) => `Loading the same model in ${precision} …`,
  agreement: (cosine: number, same: boolean | undefined) =>
    `int8 against float: cosine ${cosine.toFixed(4)}${same === undefined ? "" : same ? ", the same first name" : ", another first name"}.`,
  noFloat32: "32-bit float: not of this model, whose weights are integers already",
  methods: {
    dynamic: "Scales made at run time: no calibration",
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
      observe: "Running float over the pictures:",
      quantize: "Quantising block by block:",
      compare: "Comparing with float:",
    },
    bytes: (done: number, total: number | undefined) =>
      total ? `${(done / 1e6).toFixed(1)} of ${megabytes(total)}` : megabytes(done),
    step: (step: number, steps: number) => `${step} of ${steps}`,
    ready: "The model in use has float weights: it can be quantised.",
    noFloat:
      "The model in use has integer weights already. Load a float checkpoint, facebook/deit-tiny-patch16-224 say, or drop its folder on this page.",
    noGpu: "Calibration runs on a GPU through WebGPU, and the model in use runs on the CPU.",
    own: (names: string[], given: number) =>
      `${names.length}${given > names.length ? ` of ${given}` : ""}: ${names.slice(0, 8).join(", ")}${names.length > 8 ? " …" : ""}`,
    ownPhotographs: "None chosen: the four photographs of this page.",
    cancelled: "Cancelled.",
    summary: ({ floatByteLength, byteLength, pictures, same, mean, least }: Summary) =>
      [
        `${megabytes(floatByteLength)} of weights became ${megabytes(byteLength)}.`,
        ...(same === undefined ? [] : [`The same first name as float for ${same} of ${pictures} pictures.`]),
        `Cosine with float's ${same === undefined ? "embeddings" : "logits"}: ${mean.toFixed(4)} on the mean, ${least.toFixed(4)} at least.`,
      ].join(" "),
    cosine: (cosine: number) => cosine.toFixed(4),
    save: (byteLength: number) => `${page.save} (${megabytes(byteLength)})`,
  },
  noFloat:
    "This model comes in int8 and has no float weights to compare with. Load facebook/deit-tiny-patch16-224, say.",
  bundledModel:
    "everyday80 is vit8's own small model and comes with this page. It knows 80 everyday things and guesses right at once for about 44 of 100 pictures, so it is often wrong. Larger models know more things and know them better: facebook/deit-tiny-patch16-224 is one.",
  otherModel:
    "The model's maker says how good it is. Float weights become 8-bit integers as they arrive, unless 32-bit float is chosen.",
  namelessFolder: "the folder",

  noWebGpu: "vit8 reaches your GPU through WebGPU. These browsers have it:",
  withWebGpu: [
    "Chrome or Edge 113 or newer on Windows, macOS and ChromeOS; 121 on Android.",
    "Chrome 144 on Linux with an Intel GPU, 147 with NVIDIA's; with others switch on chrome://flags/#enable-unsafe-webgpu and start it with --enable-features=Vulkan.",
    "Safari 26 or newer on macOS, iOS and iPadOS.",
    "Firefox 141 or newer on Windows, 145 on macOS with Apple silicon.",
    "The page must come by https, or from localhost.",
  ],
};

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function milliseconds(elapsedMs: number): string {
  return `${elapsedMs.toFixed(elapsedMs < 10 ? 2 : elapsedMs < 100 ? 1 : 0)} ms`;
}

function megabytes(byteLength: number): string {
  return `${(byteLength / 1e6).toFixed(1)} MB`;
}
