/** `import "vit8/element/define"` registers `<vit-classifier>`; in Node it does nothing. */
import { VitClassifier } from "./vit-classifier.ts";

export * from "./index.ts";

const registry = globalThis.customElements as CustomElementRegistry | undefined;
if (registry && !registry.get("vit-classifier")) registry.define("vit-classifier", VitClassifier);

declare global {
  interface HTMLElementTagNameMap {
    "vit-classifier": VitClassifier;
  }
}
