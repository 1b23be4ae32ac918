/** The page's models: from the Hub, a slow server, and folders of the disk. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { texts, page as words } from "../demo/classify/texts.ts";
import { madeUpTensors, PLAIN, transformersFiles } from "../src/classifier/made-up-vit.shared.ts";
import { loadModel, lookAt, names, openPage, sample, status } from "./demo-page.ts";

const bundled = Object.fromEntries(
  readdirSync("models/everyday80").map((name) => [name, readFileSync(path.join("models/everyday80", name))]),
);
const embedding = { ...PLAIN, classes: 0, layerScale: true };
const hub: Record<string, Record<string, Uint8Array | string>> = {
  "facebook/deit-tiny-patch16-224": bundled,
  "facebook/dinov2-small": transformersFiles(embedding, madeUpTensors(embedding)),
};

const asked: string[] = [];
/** Number of responses that were cut off. */
let broken = 0;
let server: Server;
let endpoint: string;

test.beforeAll(async () => {
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  endpoint = `http://localhost:${(server.address() as AddressInfo).port}`;
});
test.afterAll(() => {
  server.close();
  server.closeAllConnections();
});

function answer({ url = "" }: IncomingMessage, response: ServerResponse): void {
  asked.push(url);
  response.setHeader("Access-Control-Allow-Origin", "*");
  const [, id, file] = /^\/([^/]+\/[^/]+)(?:\/resolve\/main)?\/([^/?]+)/.exec(url) ?? [];
  const body = (id === "slow/model" ? bundled : hub[id])?.[file];
  if (body === undefined) return void response.writeHead(404).end();
  response.setHeader("Content-Length", body.length);
  if (id === "slow/model" && file === "model.safetensors") drip(response, body as Buffer);
  else response.end(body);
}

/** 2 kB every 20 ms: half a minute and more for the whole. */
function drip(response: ServerResponse, body: Buffer): void {
  let sent = 0;
  const timer = setInterval(() => {
    response.write(body.subarray(sent, sent + 2000));
    sent += 2000;
  }, 20);
  response.on("close", () => {
    clearInterval(timer);
    broken++;
  });
}

test("tells bytes of bytes from a slow server, and breaks off when told to", async ({ page }) => {
  await openPage(page);
  await loadModel(page, `${endpoint}/slow/model/`);
  const total = (bundled["model.safetensors"].length / 1e6).toFixed(1);
  const download = new RegExp(`^Downloading the model: ([\\d.]+) of ${total.replace(".", "\\.")} MB$`);
  await expect(status(page)).toHaveText(download);
  const loaded = async () => Number(download.exec(await status(page).innerText())?.[1]);
  await expect.poll(loaded).toBeGreaterThan(0);
  const bar = page.getByRole("progressbar");
  const share = await bar.evaluate((node) => (node as HTMLProgressElement).value);
  expect(share).toBeGreaterThan(0);
  expect(share).toBeLessThan(0.9);
  await page.getByRole("button", { name: "Cancel" }).focus();
  await page.keyboard.press("Enter");
  await expect(status(page)).toHaveText(texts.cancelled("everyday80"));
  await expect(bar).toBeHidden();
  await expect.poll(() => broken).toBe(1);
  await sample(page, "pizza").click();
  await expect(names(page).first()).toContainText("pizza");
});

test("says every stage in words, in order", async ({ page }) => {
  await page.addInitScript(() => {
    const said: string[] = [];
    Object.assign(globalThis, { said });
    new MutationObserver(() => {
      const text = document.querySelector("#status")?.textContent?.split(/ …|:/)[0] ?? "";
      if (said.at(-1) !== text) said.push(text);
    }).observe(document, { subtree: true, childList: true, characterData: true });
  });
  await openPage(page);
  const said = await page.evaluate(() => (globalThis as unknown as { said: string[] }).said);
  expect(said.filter((text) => text !== "")).toEqual([
    ...["download", "quantize", "compile", "self-test", "ready"].map((stage) => texts.stages[stage]),
    texts.readyForPicture,
  ]);
});

test("loads models of the Hub by name, also from the page's own address", async ({ page }) => {
  const query = (model: string) => `?${new URLSearchParams({ endpoint, model })}`;
  await openPage(page, query("facebook/deit-tiny-patch16-224"));
  expect(asked).toContain("/facebook/deit-tiny-patch16-224/resolve/main/model.safetensors");
  await lookAt(page, "ladybug");
  await expect(names(page).first()).toContainText("ladybug");
  // A model without labels compares images.
  await loadModel(page, "facebook/dinov2-small");
  await expect(page.getByText(texts.onlyCompares)).toBeVisible();
  await expect(names(page)).toHaveCount(0);
  await expect(page).toHaveURL(/model=facebook%2Fdinov2-small/);
  await page.getByRole("button", { name: words.keep }).click();
  await expect(page.getByText("Kept.")).toBeVisible();
  await sample(page, "ladybug").click();
  await expect(page.getByText("cosine 1.000")).toBeVisible();
  await page.getByText(words.ran).click();
  await expect(page.locator("#facts")).toContainText("dispatches");
  const suggested = await page
    .locator("#models option")
    .evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value));
  for (const name of [
    "deit-tiny-patch16-224",
    "deit-small-patch16-224",
    "deit-base-patch16-224",
    "dinov2-small",
  ])
    expect(suggested).toContain(`facebook/${name}`);
  expect(suggested).toContain("google/vit-base-patch16-224");
});

test("loads a model folder that is dropped on the page", async ({ page }) => {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), "vit8-dropped-")), "my-model");
  mkdirSync(folder);
  for (const [name, bytes] of Object.entries(bundled)) writeFileSync(path.join(folder, name), bytes);
  try {
    await openPage(page);
    await dropPath(page, folder);
    await expect(page.getByText(texts.otherModel)).toBeVisible();
    await lookAt(page, "orange");
    await expect(names(page).first()).toContainText("orange");
  } finally {
    rmSync(path.dirname(folder), { recursive: true });
  }
});

/** Drops a path as the browser does, with folders as folders: no script can create such a drop. */
async function dropPath(page: Page, file: string): Promise<void> {
  const browser = await page.context().newCDPSession(page);
  const data = { items: [], files: [file], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const)
    await browser.send("Input.dispatchDragEvent", { type, x: 200, y: 300, data });
}
