import { expect, expectTypeOf, test } from "vitest";
import type { Classification } from "../index.ts";
import type { VitClassifier } from "./index.ts";

test("the element can be imported where there are no elements", async () => {
  const element = await import("./index.ts");
  expect(await import("./define.ts")).toHaveProperty("VitClassifier", element.VitClassifier);
  expect(element.VitClassifier.observedAttributes).toContain("src");
});

test("a listener knows its event by the name", () => {
  const listen = (element: VitClassifier) => {
    element.addEventListener("result", ({ detail }) =>
      expectTypeOf(detail).toEqualTypeOf<readonly Classification[]>(),
    );
    element.addEventListener("error", ({ detail }) => expectTypeOf(detail).toEqualTypeOf<Error>());
    element.addEventListener("click", ({ clientX }) => expectTypeOf(clientX).toEqualTypeOf<number>());
    element.addEventListener("another", () => {}, { once: true });
  };
  expectTypeOf(listen).toBeFunction();
  expectTypeOf<HTMLElementTagNameMap["vit-classifier"]>().toEqualTypeOf<VitClassifier>();
});
