/** `<vit-classifier>` in the pages of demo/element: plain HTML, React and Vue. */
import { expect, type Page, test } from "@playwright/test";
import sharp from "sharp";

const complaintsOf = (page: Page): string[] => {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  return complaints;
};

test("in plain HTML: pictures, a form, a camera", async ({ page, context }) => {
  const complaints = complaintsOf(page);
  await context.grantPermissions(["camera"]);
  await page.goto("/demo/element/");
  await expect(page.locator("#picture").getByRole("listitem")).toHaveCount(3);
  await expect(page.locator("#picture").getByRole("listitem").first()).toContainText("king penguin");
  for (const name of ["ladybug", "orange", "pizza", "bus"])
    await expect(page.locator(".gallery").getByRole("listitem").filter({ hasText: name })).toHaveCount(1);
  const buffer = await sharp("demo/classify/samples/pizza.svg").png().toBuffer();
  await page.locator("input[type=file]").setInputFiles({ name: "a.png", mimeType: "image/png", buffer });
  await expect(page.locator("form").getByRole("listitem").first()).toHaveText(/pizza.* [\d.]+%/);
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.locator("output")).toHaveText(/^what = pizza/);
  await page.getByRole("button", { name: "Start the camera" }).click();
  await expect(page.locator("#camera").getByRole("listitem")).toHaveCount(2);
  expect(complaints).toEqual([]);
});

for (const framework of ["React", "Vue"])
  test(`in ${framework}: properties go in, events come out`, async ({ page }) => {
    const complaints = complaintsOf(page);
    await page.goto(`/demo/element/${framework.toLowerCase()}.html`);
    const answer = page.getByText(`${framework} has heard:`);
    await expect(answer).toContainText("ladybug");
    await expect(page.getByRole("listitem")).toHaveCount(3);
    await page.getByLabel("Image").selectOption("school-bus");
    await expect(answer).toContainText("bus");
    await expect(page.getByRole("listitem").first()).toContainText("bus");
    expect(complaints).toEqual([]);
  });

test.use({
  launchOptions: async ({ launchOptions }, use) => {
    const fakeCamera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
    await use({ ...launchOptions, args: [...(launchOptions.args ?? []), ...fakeCamera] });
  },
});
