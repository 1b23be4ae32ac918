// The linked WGSL of a variant, as the driver receives it, in a dialog.

import { allCases } from "../../src/bench/kernels.ts";
import { element } from "./elements.ts";

/** A button with the variant's name that opens its text; undefined for a name that is not a variant of a kernel. */
export function shaderButton(kernel: string, variant: string): HTMLButtonElement | undefined {
  const wgsl = allCases.find((cases) => cases.kernel.name === kernel)?.kernel.variants[variant]?.wgsl;
  if (wgsl === undefined) return undefined;
  const button = element("button", { type: "button", className: "link", textContent: variant });
  button.title = "Show the WGSL";
  button.addEventListener("click", () => open(kernel, variant, wgsl));
  return button;
}

function open(kernel: string, variant: string, wgsl: string): void {
  const close = element("button", { type: "button", textContent: "Close" });
  const text = element("pre", { className: "shader", tabIndex: 0, textContent: wgsl });
  const dialog = element("dialog", { className: "shader-dialog" }, [
    element("h2", { textContent: `${kernel}/${variant}` }),
    element("p", {}, [
      "What the compilers of AMD and Intel GPUs make of it: ",
      element("code", { textContent: `npm run -s bench:compilers -- --program cases --kernel ${kernel}` }),
    ]),
    text,
    close,
  ]);
  dialog.ariaLabel = `WGSL of ${kernel}/${variant}`;
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
