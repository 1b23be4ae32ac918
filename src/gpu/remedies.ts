// What to do if WebGPU cannot be opened. Lazy-loaded.

/** Node has no page about the GPU, and no setting for it. */
const inNode = Boolean(
  (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node,
);

/** How to fix a missing or failing WebGPU. */
export function remedyFor(what: "is not available in this browser" | "offers no adapter" | "failed"): string {
  if (what === "is not available in this browser")
    return "Use Chrome or Edge 113+, Safari 26+ or Firefox 141+ over https or localhost. In Node run `npm i webgpu`, and import vit8/node.";
  if (what === "offers no adapter")
    return inNode
      ? "Update the graphics driver. On Linux install a Vulkan driver."
      : "Update the graphics driver. On Linux install a Vulkan driver. In Chrome turn on hardware acceleration, and check chrome://gpu.";
  return 'Update the browser and the graphics driver, or load with device: "cpu".';
}

/** The remedy for a software adapter. */
export const HARDWARE = inNode
  ? "Install the graphics driver."
  : "Turn on hardware acceleration (in Chrome check chrome://gpu), or install the graphics driver.";
