// What to do where WebGPU cannot be opened. Fetched where that is so.

/** Node has no page that describes the GPU, and no switch for it. */
const inNode = Boolean(
  (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node,
);

/** The second sentence of a message that says what is missing or failed. */
export function remedyFor(what: "is not available in this browser" | "offers no adapter" | "failed"): string {
  if (what === "is not available in this browser")
    return " Use Chrome or Edge 113+, Safari 26+ or Firefox 141+ over https or localhost; in Node, run `npm i webgpu` and import vit8/node.";
  if (what === "offers no adapter")
    return inNode
      ? " Update the graphics driver; on Linux install a Vulkan driver."
      : " Update the graphics driver; on Linux install a Vulkan driver; in Chrome see chrome://gpu and turn on hardware acceleration.";
  return ' Update the browser and the graphics driver, or load with device: "cpu".';
}

/** The same where there is only a software adapter. */
export const HARDWARE = inNode
  ? " Install the driver of the graphics card."
  : " Turn on hardware acceleration (in Chrome see chrome://gpu) or install the graphics driver.";
