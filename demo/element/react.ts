/** The element in React 19 or newer: properties are set as properties, `onresult` listens to the event `result`. */
import { type ChangeEvent, createElement as h, useState } from "react";
import { createRoot } from "react-dom/client";
import type { VitClassifierEvents } from "../../src/element/react.ts";
import "../../src/element/react.ts";
import { model, sampleAddress, samples } from "./samples.ts";

function App() {
  const [name, setName] = useState(samples[0]);
  const [answer, setAnswer] = useState("");
  const onresult = ({ detail }: VitClassifierEvents["result"]) => setAnswer(detail[0]?.label ?? "");
  const options = samples.map((sample) => h("option", { key: sample }, sample));
  return h(
    "section",
    null,
    h(
      "label",
      null,
      "Image ",
      h(
        "select",
        { value: name, onChange: (event: ChangeEvent<HTMLSelectElement>) => setName(event.target.value) },
        options,
      ),
    ),
    h("vit-classifier", {
      src: sampleAddress(name),
      model,
      topK: 3,
      width: 320,
      height: 320,
      onresult,
      onloadstart: () => setAnswer(""),
    }),
    h("p", { id: "answer" }, answer && `React has heard: ${answer}`),
  );
}

createRoot(document.querySelector("#app")!).render(h(App));
