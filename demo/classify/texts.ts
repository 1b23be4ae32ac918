/** Every sentence that the page's code says; index.html has the ones that never change. */

export const texts = {
  stages: {
    download: "Downloading the model",
    quantize: "Turning its weights into 8-bit integers",
    compile: "Compiling shaders for your GPU",
    "self-test": "Checking the GPU's arithmetic",
    ready: "Ready",
  } as Record<string, string>,
  readyForPicture: "Ready. Choose a picture.",
  cancelled: (kept: string | undefined) => (kept ? `Cancelled; ${kept} stays in use.` : "Cancelled."),
  looking: "Looking …",
  answered: (elapsedMs: number) => `Answered in ${elapsedMs.toFixed(elapsedMs < 100 ? 1 : 0)} ms`,
  softwareGpu: (names: string) => `${names}: a GPU in software: right, but slow`,
  work: (precision: string, dispatches: number, megabytes: number) =>
    `${precision}, ${dispatches} dispatches a picture, ${megabytes.toFixed(1)} MB on the GPU`,
  kernel: (name: string, variant: string, steps: number, why: string) =>
    `${name}, ${variant}, ${steps === 1 ? "once" : `${steps} times`}: ${why}`,
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
    `What the model sees: ${width === fromWidth && height === fromHeight ? "all of it, at" : `of ${fromWidth} × ${fromHeight} the middle`} ${width} × ${height} pixels.`,
  kept: "Kept. Choose another picture to compare.",
  likeness: (cosine: number) => `Likeness to the picture kept: cosine ${cosine.toFixed(3)} (1 is the same).`,
  onlyCompares: "This model has no names to give; it compares pictures.",
  loadingFloat: "Loading the same model in float …",
  agreement: (cosine: number, same: boolean | undefined) =>
    `int8 against float: cosine ${cosine.toFixed(4)}${same === undefined ? "" : same ? ", the same first name" : ", another first name"}.`,
  noFloat:
    "This model comes in int8 and has no float weights to compare with. Load facebook/deit-tiny-patch16-224, say.",
  bundledModel:
    "everyday80 is vit8's own small model and comes with this page. It knows 80 everyday things and guesses right at once for about 44 of 100 pictures, so it is often wrong. Larger models know more things and know them better: facebook/deit-tiny-patch16-224 is one.",
  otherModel:
    "The model's maker says how good it is. vit8 turns its weights into 8-bit integers as they arrive.",
  noWebGpuError: "WebGPU: not available in this browser",
  recorded: "What it looks like where there is WebGPU, as recorded:",
  noWebGpu: "vit8 reaches your GPU through WebGPU. These browsers have it:",
  withWebGpu: [
    "Chrome or Edge 113 or newer on Windows, macOS and ChromeOS; 121 on Android.",
    "Chrome 144 on Linux with an Intel GPU, 147 with NVIDIA's; with others switch on chrome://flags/#enable-unsafe-webgpu and start it with --enable-features=Vulkan.",
    "Safari 26 or newer on macOS, iOS and iPadOS.",
    "Firefox 141 or newer on Windows, 145 on macOS with Apple silicon.",
    "The page must come by https, or from localhost.",
  ],
};
