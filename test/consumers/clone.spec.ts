/** The README's first commands in a fresh clone, on a machine with Node, git and an empty home. */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "@playwright/test";
import { texts } from "../../demo/classify/texts.ts";
import { codeBlocks } from "../docs/markdown.ts";

const root = path.resolve(import.meta.dirname, "../..");
const text = readFileSync(path.join(root, "README.md"), "utf8");
const [start, classify] = codeBlocks({ file: "README.md", text })[0].code.split(/ *#.*\n/);
const folder = mkdtempSync(path.join(tmpdir(), "vit8-clone-"));
const cwd = path.join(folder, "vit8");
const env = { ...process.env, HOME: folder, CI: "1", NO_COLOR: "1" };

test.beforeAll(() => {
  execFileSync("git", ["clone", "--quiet", root, cwd]);
});
test.afterAll(() => rmSync(folder, { recursive: true }));

test(`${start}: installs, and serves the page`, async ({ page }) => {
  const server = spawn(`${start} -- --port 0`, { cwd, env, shell: true, detached: true });
  try {
    await page.goto(await addressFrom(server.stdout));
    await expect(page.getByText(texts.readyForPicture)).toBeVisible();
  } finally {
    process.kill(-server.pid!); // npm, and what it started
  }
});

test(`${classify}: names it`, () => {
  const answer = execFileSync(classify, {
    cwd,
    env,
    shell: true,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  expect(answer).toMatch(/king penguin\n/);
});

/** The stream is left open: a server that cannot write ends. */
function addressFrom(output: NodeJS.ReadableStream): Promise<string> {
  let said = "";
  return new Promise((resolve, reject) => {
    output.on("data", (piece) => {
      said += piece;
      const [address] = /http:\/\/localhost:\d+\//.exec(said) ?? [];
      if (address) resolve(address);
    });
    output.on("end", () => reject(new Error(`npm start: expected an address, but it said ${said}`)));
  });
}
