/**
 * `import "vit8/element/react"` registers `<vit-classifier>` as `vit8/element/define` does, and declares its types for the JSX
 * of React 19 or newer.
 */
import type { DetailedHTMLProps, HTMLAttributes } from "react";
import type { Attributes } from "./attributes.ts";
import type { VitClassifierEvents } from "./events.ts";
import type { VitClassifier } from "./vit-classifier.ts";

export * from "./define.ts";

type Listeners = {
  [Type in keyof VitClassifierEvents as `on${Type}`]: (event: VitClassifierEvents[Type]) => void;
};
type Settable = Attributes & Pick<VitClassifier, "classifier"> & Listeners;

/** Properties are set as properties, and `onresult` listens to the event `result`. Undefined is as good as absent. */
type Properties = { [Name in keyof Settable]?: Settable[Name] | undefined };

type ClassifierAttributes = DetailedHTMLProps<HTMLAttributes<VitClassifier>, VitClassifier> & Properties;

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "vit-classifier": ClassifierAttributes;
    }
  }
}
