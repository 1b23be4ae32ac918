import { expect, test } from "vitest";

test("the element can be imported where there are no elements", async () => {
  const element = await import("./index.ts");
  expect(await import("./define.ts")).toHaveProperty("VitClassifier", element.VitClassifier);
  expect(element.VitClassifier.observedAttributes).toContain("src");
});
