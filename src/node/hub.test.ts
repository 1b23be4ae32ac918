import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { madeUpPicture, madeUpTensors, PLAIN, timmFiles } from "../classifier/made-up-vit.shared.ts";
import { ModelLoadError } from "../errors/errors.ts";
import { accepted } from "../testing/accepted.ts";
import { type FileServer, serveFiles } from "../testing/file-server.ts";
import { hurry } from "../testing/hurry.ts";
import { isPath, openModel } from "./folder.ts";
import { hubOf } from "./hub.ts";
import { ImageClassifier, type NodeClassifier } from "./index.ts";

const files = timmFiles(PLAIN, madeUpTensors(PLAIN));
const weights = files["model.safetensors"];
const home = mkdtempSync(path.join(tmpdir(), "vit8-hub-"));
let store: FileServer;
let hub: FileServer;

beforeAll(async () => {
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(home, name), content);
  store = await serveFiles({ weights });
  const config = files["config.json"];
  const moved = (_: unknown, response: import("node:http").ServerResponse) =>
    response.writeHead(302, { location: `${store.address}/weights` }).end();
  const gated = (
    request: import("node:http").IncomingMessage,
    response: import("node:http").ServerResponse,
  ) =>
    request.headers.authorization === "Bearer hf_right"
      ? response.writeHead(200).end(config)
      : response.writeHead(401).end();
  const at = (place: string) => ({
    [`o/n/resolve/${place}/config.json`]: config,
    [`o/n/resolve/${place}/model.safetensors`]: moved,
  });
  hub = await serveFiles({
    ...at("main"),
    ...at("v2"),
    ...at("refs%2Fpr%2F1"),
    ...at("main/sub"),
    "o/gated/resolve/main/config.json": gated,
    "o/gated/resolve/main/model.safetensors": moved,
    "plain/config.json": config,
    "plain/model.safetensors": weights,
  });
});
afterAll(() => {
  hub.close();
  store.close();
  rmSync(home, { recursive: true });
});
beforeEach(() => {
  vi.stubEnv("HF_ENDPOINT", hub.address);
  vi.stubEnv("HF_TOKEN", "");
  vi.stubEnv("HF_HOME", home);
  hub.requests.length = 0;
  store.requests.length = 0;
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

async function labelOf(...[model, options]: Parameters<typeof ImageClassifier.load>): Promise<string> {
  const classifier: NodeClassifier = await ImageClassifier.load(model, { device: "cpu", ...options });
  const [{ label }] = await classifier.classify(madeUpPicture(PLAIN));
  await classifier.dispose();
  return label;
}
const expected = await labelOf(files);
const pathsAsked = () => hub.requests.map(({ path }) => path);

test(accepted("Node", "HF_ENDPOINT and a revision", "huggingface_hub 1.33.0"), async () => {
  expect(await labelOf("o/n")).toBe(expected);
  expect(pathsAsked()).toContain("o/n/resolve/main/config.json");
  expect(await labelOf("o/n", { revision: "v2" })).toBe(expected);
  expect(pathsAsked()).toContain("o/n/resolve/v2/config.json");
});

test.each([
  ["https://huggingface.co/o/n/tree/refs%2Fpr%2F1", {}, "refs%2Fpr%2F1"],
  ["o/n", { revision: "refs/pr/1" }, "refs%2Fpr%2F1"],
  ["o/n", { revision: "refs%2Fpr%2F1" }, "refs%2Fpr%2F1"],
  ["https://huggingface.co/o/n/tree/main/sub", {}, "main/sub"],
  ["https://huggingface.co/o/n/blob/main/config.json", {}, "main"],
  ["https://huggingface.co/o/n/tree/main", { revision: "v2" }, "v2"],
])("%s with %j loads from %s", async (model, options, place) => {
  expect(await labelOf(model, options)).toBe(expected);
  expect(pathsAsked().filter((asked) => asked.endsWith("config.json"))).toEqual([
    `o/n/resolve/${place}/config.json`,
    `o/n/resolve/${place}/preprocessor_config.json`,
  ]);
});

test(
  accepted("Model addresses", "URLs of Hub pages, with revision and subfolder", "huggingface_hub 1.33.0"),
  async () => {
    for (const address of [
      `${hub.address}/o/n`,
      `${hub.address}/o/n/tree/v2`,
      "hf.co/o/n",
      "hf://o/n@v2",
      "hf-hub:o/n@v2",
      "o/n@v2",
    ])
      expect(await labelOf(address)).toBe(expected);
  },
);

test("the endpoint that is given counts before the environment's", async () => {
  vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:1");
  expect(await labelOf("o/n", { endpoint: hub.address })).toBe(expected);
});

test.each(["", ".", ".."])("%j is no revision", async (revision) => {
  await expect(openModel("o/n", { revision })).rejects.toThrow("a branch, a tag, a commit or refs/pr/1");
});

test.each<[string, Parameters<typeof openModel>[0]]>([
  ["a directory", home],
  ["files in hand", files],
  ["an address", "http://127.0.0.1:1/plain"],
])("%s has no revision", async (_, model) => {
  const opened = openModel(model, { revision: "v2" });
  await expect(opened).rejects.toThrow(ModelLoadError);
  await expect(opened).rejects.toThrow("revision");
});

describe("the token", () => {
  const tokens = (server: FileServer) => [
    ...new Set(server.requests.map(({ authorization }) => authorization)),
  ];

  test(
    accepted("Node", "HF_TOKEN, sent to the Hub and never after a redirect", "huggingface_hub 1.33.0"),
    async () => {
      vi.stubEnv("HF_TOKEN", "hf_right\n");
      expect(await labelOf("o/gated")).toBe(expected);
      // the Git LFS pointer's request among them
      expect(pathsAsked()).toContain("o/gated/raw/main/model.safetensors");
      expect(tokens(hub)).toEqual(["Bearer hf_right"]);
      expect(store.requests.length).toBe(1);
      expect(tokens(store)).toEqual([undefined]);
    },
  );

  test("goes to no other address", async () => {
    vi.stubEnv("HF_TOKEN", "hf_right");
    expect(await labelOf(`${hub.address}/plain/`)).toBe(expected);
    expect(tokens(hub)).toEqual([undefined]);
  });

  test("is that of `hf auth login` where the environment has none", async () => {
    writeFileSync(path.join(home, "token"), "hf_file\n");
    const headers = (token: string) => ({ authorization: `Bearer ${token}` });
    expect((await hubOf(undefined, { HF_HOME: home })).headers).toEqual(headers("hf_file"));
    expect((await hubOf(undefined, { HF_TOKEN_PATH: path.join(home, "token") })).headers).toEqual(
      headers("hf_file"),
    );
    expect((await hubOf(undefined, { HF_HOME: home, HF_TOKEN: "hf_right" })).headers).toEqual(
      headers("hf_right"),
    );
    const disabled = { HF_HOME: home, HF_TOKEN: "hf_right", HF_HUB_DISABLE_IMPLICIT_TOKEN: "1" };
    expect((await hubOf(undefined, disabled)).headers).toBeUndefined();
    expect((await hubOf(undefined, { HF_TOKEN: "two\nlines", HF_HOME: home })).headers).toBeUndefined();
    rmSync(path.join(home, "token"));
    expect((await hubOf(undefined, { HF_HOME: home })).headers).toBeUndefined();
  });

  test("is asked for where a model is gated, and told to nobody", async () => {
    await expect(labelOf("o/gated")).rejects.toThrow(/401.*private, gated.*set HF_TOKEN/);
    vi.stubEnv("HF_TOKEN", "hf_secret");
    const error: Error = await labelOf("o/gated").catch((reason) => reason);
    expect(`${error.message} ${error.stack}`).toContain("401");
    expect(`${error.message} ${error.stack} ${JSON.stringify(error.cause)}`).not.toContain("hf_secret");
  });
});

test("why no answer came is told as Node's fetch knows it", async () => {
  hurry();
  await expect(labelOf("http://127.0.0.1:9/m/")).rejects.toThrow(/no answer \(bad port\)/);
  const endless = await serveFiles({}, (request, response) =>
    response.writeHead(302, { location: request.url }).end(),
  );
  await expect(labelOf(endless.address)).rejects.toThrow(/ \(redirect count exceeded\)/);
  endless.close();
});

test("a proxy that Node does not use is named where no answer comes", async () => {
  hurry();
  vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:1");
  for (const name of ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NODE_USE_ENV_PROXY"])
    vi.stubEnv(name, "");
  await expect(labelOf("o/n")).rejects.toThrow(/no answer \((?!.*PROXY)/);
  vi.stubEnv("HTTPS_PROXY", "http://proxy.example:3128");
  await expect(labelOf("o/n")).rejects.toThrow(/no answer \(.* HTTPS_PROXY: .*NODE_USE_ENV_PROXY=1/);
});

describe("a directory", () => {
  test("by path, URL, or the text of one", async () => {
    const url = pathToFileURL(`${home}/`);
    for (const model of [
      home,
      `${home}/`,
      url,
      String(url),
      new URL(".", pathToFileURL(path.join(home, "config.json"))),
    ])
      expect(await labelOf(model)).toBe(expected);
  });

  test.each<[string, string | URL, string]>([
    ["none", "./nowhere", "expected a directory, got none"],
    ["none by URL", pathToFileURL("/nowhere/"), "/nowhere/: expected a directory, got none"],
    ["a file", path.join(home, "config.json"), "got a file. Pass its directory"],
    ["a file by a name without a dot", "test/goldens/picture.png", "got a file. Pass its directory"],
    ["one of another host", "file://host/m", "expected the file: URL of a directory"],
    ["one of another system", "C:\\models\\vit", "expected a directory, got none"],
    ["one of a shell", "~/models/vit", "Only a shell expands ~"],
  ])("%s is told", async (_, model, message) => {
    await expect(labelOf(model)).rejects.toThrow(ModelLoadError);
    await expect(labelOf(model)).rejects.toThrow(message);
  });

  test("a Hub id that no server answers for may be meant as a directory", async () => {
    const folder = await openModel("made/none", { endpoint: "http://127.0.0.1:9" });
    await expect(folder.readText("config.json")).rejects.toThrow(
      /no answer .* There is no directory made\/none either\.$/,
    );
  });

  test.each(["./m", "../m", "/m", ".", "..", "C:\\m", "c:/m", "\\\\host\\m", ".\\m", "~/m", "~"])(
    "%s is a path",
    (name) => {
      expect(isPath(name)).toBe(true);
    },
  );

  test.each(["o/n", "http://host/m", "hf://o/n", "//hf.co/o/n", "gpt2"])("%s is none", (name) => {
    expect(isPath(name)).toBe(false);
  });
});

test.each<[unknown, string]>([
  [undefined, "got undefined"],
  [null, "got null"],
  [42, "got Number"],
  [Buffer.from("model"), "got Uint8Array"],
  [new ArrayBuffer(8), "got ArrayBuffer"],
  [new Blob(["x"]), "got Blob"],
  [Promise.resolve("o/n"), "got Promise"],
  [
    { "config.json": { model_type: "vit" } },
    "config.json: expected a Blob, a File, bytes or text, got Object",
  ],
  [{ "config.json": 42 }, "got Number"],
  ["data:application/json,{}", "expected an http or https URL"],
  ["blob:nodedata:1", "expected an http or https URL"],
  ["ftp://host/m", "expected an http or https URL"],
  ["https://user:secret@host.example/m", "got one with a user name or a password"],
])("load(%j) is refused with what it takes", async (model, message) => {
  const error = await labelOf(model as string).catch((reason) => reason);
  expect(error).toBeInstanceOf(ModelLoadError);
  expect(error.message).toContain(message);
  expect(error.message).not.toContain("secret");
});

test("contents are found in an object, a Map, and as any kind of bytes", async () => {
  const bytes = new Uint8Array(weights.length + 3);
  bytes.set(weights, 3);
  const view = new DataView(bytes.buffer, 3);
  const config = files["config.json"];
  const nothing = { "preprocessor_config.json": undefined as unknown as string };
  expect(await labelOf({ ...nothing, "config.json": config, "model.safetensors": view })).toBe(expected);
  expect(await labelOf(new Map<string, string | Uint8Array>(Object.entries(files)))).toBe(expected);
  expect(await labelOf(Object.entries(files))).toBe(expected);
  const shared = new Uint8Array(new SharedArrayBuffer(weights.length));
  shared.set(weights);
  expect(await labelOf({ "config.json": config, "model.safetensors": shared })).toBe(expected);
});
