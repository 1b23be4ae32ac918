// What to do where WebGPU cannot be opened. Fetched where that is so.

/** The end of a message that says what is missing or failed. */
export function remedyFor(what: "not offered here" | "no adapter" | "failed"): string {
  if (what === "not offered here")
    return "; use Chrome or Edge 113+, Safari 26+, Firefox 141+ over https or localhost, or in Node `npm i webgpu` and import vit8/node";
  if (what === "no adapter")
    return "; update the graphics driver, on Linux install a Vulkan driver (mesa-vulkan-drivers 24 or newer works without a GPU), in Chrome see chrome://gpu and enable hardware acceleration";
  return '; update the browser and the graphics driver, or load with device: "cpu"';
}
