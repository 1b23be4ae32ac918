/** The element in Vue 3: properties are set as properties, `onResult` listens to the event `result`. */
import { createApp, h, ref } from "vue";
import type { VitClassifierEvents } from "../../src/element/define.ts";
import "../../src/element/define.ts";
import { model, sampleAddress, samples } from "./samples.ts";

const name = ref(samples[0]);
const answer = ref("");

function chooseSample({ currentTarget }: Event): void {
  name.value = (currentTarget as HTMLSelectElement).value;
}

function hear({ detail }: VitClassifierEvents["result"]): void {
  answer.value = detail[0]?.label ?? "";
}

const App = () => {
  const options = samples.map((sample) => h("option", sample));
  return h("section", [
    h("label", ["Image ", h("select", { value: name.value, onChange: chooseSample }, options)]),
    h("vit-classifier", {
      src: sampleAddress(name.value),
      model,
      topK: 3,
      width: 320,
      height: 320,
      onResult: hear,
      onLoadstart: () => {
        answer.value = "";
      },
    }),
    h("p", { id: "answer" }, answer.value && `Vue has heard: ${answer.value}`),
  ]);
};

createApp(App).mount("#app");
