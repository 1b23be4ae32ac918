import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";
import { accepted } from "../testing/accepted.ts";
import { serveFiles } from "../testing/file-server.ts";
import { vit8 } from "./run.shared.ts";
import { writeTinyModel } from "./tiny-model.shared.ts";

const folder = mkdtempSync(path.join(tmpdir(), "vit8-cli-hub-"));
writeTinyModel(folder);
const read = (name: string) => readFileSync(path.join(folder, name));
const [config, weights] = [read("config.json"), read("model.safetensors")];
const hub = await serveFiles({
  "o/n/resolve/main/config.json": config,
  "o/n/resolve/main/model.safetensors": weights,
  "o/n/resolve/refs%2Fpr%2F1/config.json": config,
  "o/n/resolve/refs%2Fpr%2F1/model.safetensors": weights,
});
afterAll(() => {
  hub.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:1");
  vi.stubEnv("HF_TOKEN", "hf_token");
  hub.requests.length = 0;
});
afterEach(() => vi.unstubAllEnvs());

test(
  accepted("Command line", "HF_ENDPOINT, HF_TOKEN, --endpoint and --revision", "huggingface_hub 1.33.0"),
  async () => {
    const { code, stdout } = await vit8(
      "inspect",
      "o/n",
      "--endpoint",
      hub.address,
      "--revision",
      "refs/pr/1",
      "--json",
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout).model).toBe("o/n");
    expect(hub.requests.map((request) => request.path)).toContain("o/n/resolve/refs%2Fpr%2F1/config.json");
    expect(new Set(hub.requests.map(({ authorization }) => authorization))).toEqual(
      new Set(["Bearer hf_token"]),
    );
    vi.stubEnv("HF_ENDPOINT", hub.address);
    expect((await vit8("inspect", "o/n")).code).toBe(0);
    expect((await vit8("inspect", `https://huggingface.co/o/n/tree/main`)).code).toBe(0);
  },
);

test.each(["classify", "eval", "compare", "inspect", "quantize", "bench", "export-onnx"])(
  "%s takes both options",
  async (command) => {
    const { stdout } = await vit8(command, "--help");
    expect(stdout).toContain("--revision REV");
    expect(stdout).toContain("--endpoint URL");
  },
);

test("a directory by its file: URL; with a revision it is refused", async () => {
  expect((await vit8("inspect", String(pathToFileURL(folder)))).code).toBe(0);
  const { code, stderr } = await vit8("inspect", folder, "--revision", "v2");
  expect([code, stderr]).toEqual([1, expect.stringContaining("revision v2: expected a Hub model")]);
});

test("a gated model names the variable that is missing, and no token", async () => {
  const gated = await serveFiles({}, (_, response) => response.writeHead(403).end());
  vi.stubEnv("HF_TOKEN", "hf_secret");
  const { code, stdout, stderr } = await vit8("inspect", "o/n", "--endpoint", gated.address);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^vit8: [^\n]*got 403[^\n]*private[^\n]*set HF_TOKEN[^\n]*\n$/);
  expect(stdout + stderr).not.toContain("hf_secret");
  gated.close();
});
