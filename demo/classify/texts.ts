/** Every sentence that the page's code says; index.html has the ones that never change. */

export const texts = {
  stages: {
    download: "Downloading the model",
    quantize: "Turning its weights into 8-bit integers",
    compile: "Compiling shaders for your GPU",
    "self-test": "Checking the GPU's arithmetic",
    ready: "Ready",
  } as Record<string, string>,
  ready: (model: string) => `${model} is ready. Choose a picture.`,
  cancelled: (kept: string | undefined) => (kept ? `Cancelled; ${kept} stays in use.` : "Cancelled."),
  looking: "Looking …",
  answered: (elapsedMs: number) =>
    `${elapsedMs < 100 ? elapsedMs.toFixed(1) : Math.round(elapsedMs)} ms from the picture to its names`,
  noPicture: "That is not a picture: choose, drop or paste an image file.",
  sample: (name: string) => `Drawing: ${name}`,
  bundledModel:
    "everyday80 is vit8's own small model and comes with this page. It knows 80 everyday things and is right at once for about 46 of 100 photographs, so it is often wrong. The larger models are far better.",
  otherModel:
    "The model's maker says how good it is. vit8 turns its weights into 8-bit integers on your GPU as they arrive.",
  noWebGpu: "vit8 reaches your GPU through WebGPU. These browsers have it:",
  withWebGpu: [
    "Chrome or Edge 113 or newer on Windows, macOS and ChromeOS; 121 on Android.",
    "Chrome 144 on Linux with an Intel GPU, 147 with NVIDIA's; with others switch on chrome://flags/#enable-unsafe-webgpu and start it with --enable-features=Vulkan.",
    "Safari 26 or newer on macOS, iOS and iPadOS.",
    "Firefox 141 or newer on Windows, 145 on macOS with Apple silicon.",
    "The page must come by https, or from localhost.",
  ],
};
