import { describe, expect, test } from "vitest";
import { ModelLoadError } from "../errors/errors.ts";
import { accepted } from "../testing/accepted.ts";
import { resolveFolder } from "./folder.ts";
import { readHubAddress } from "./hub-address.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const hub = "https://huggingface.co";

test.each([
  [`${hub}/o/n`, undefined, ""],
  [`${hub}/o/n/`, undefined, ""],
  [`${hub}/o/n.`, undefined, ""],
  ["http://huggingface.co/o/n", undefined, ""],
  ["https://www.huggingface.co/o/n?library=transformers#usage", undefined, ""],
  ["HTTPS://HuggingFace.co/o/n", undefined, ""],
  ["//hf.co/o/n", undefined, ""],
  ["https://hf.co/o/n", undefined, ""],
  ["huggingface.co/o/n", undefined, ""],
  ["hf.co/o/n/tree/v2", "v2", ""],
  [`${hub}/api/models/o/n`, undefined, ""],
  [`${hub}/models/o/n`, undefined, ""],
  [`${hub}/o/n.git`, undefined, ""],
  ["git@hf.co:o/n.git", undefined, ""],
  [`${hub}/o/n/tree/main`, "main", ""],
  [`${hub}/o/n/tree`, undefined, ""],
  [`${hub}/o/n/tree/refs%2Fpr%2F1`, "refs/pr/1", ""],
  [`${hub}/o/n/tree/refs/pr/1`, "refs/pr/1", ""],
  [`${hub}/o/n/tree/refs/convert/onnx/sub`, "refs/convert/onnx", "sub"],
  [`${hub}/o/n/tree/main/sub/folder/`, "main", "sub/folder"],
  [`${hub}/o/n/tree/main/sub%20folder`, "main", "sub folder"],
  [`${hub}/o/n/blob/main/config.json`, "main", ""],
  [`${hub}/o/n/blob/main/sub/LICENSE`, "main", "sub"],
  [`${hub}/o/n/blob/refs%2Fpr%2F1/sub/config.json`, "refs/pr/1", "sub"],
  [`${hub}/o/n/resolve/main/model.safetensors?download=true`, "main", ""],
  [`${hub}/o/n/resolve/main/`, "main", ""],
  [`${hub}/o/n/resolve/main/sub/`, "main", "sub"],
  [`${hub}/o/n/raw/${COMMIT}/config.json`, COMMIT, ""],
  [`${hub}/o/n/commits/main`, "main", ""],
  [`${hub}/o/n/commit/${COMMIT}`, COMMIT, ""],
  ["o/n/tree/main/sub", "main", "sub"],
  ["o/n/", undefined, ""],
  ["models/o/n", undefined, ""],
  ["o/n@v2", "v2", ""],
  ["hf://o/n", undefined, ""],
  ["hf://models/o/n", undefined, ""],
  ["hf://o/n/sub", undefined, "sub"],
  ["hf://o/n@refs/pr/1/sub/config.json", "refs/pr/1", "sub"],
  ["hf://o/n@refs%2Fpr%2F1", "refs/pr/1", ""],
  ["hf:o/n", undefined, ""],
  ["hf-hub:o/n", undefined, ""],
  ["hf-hub:o/n@v2", "v2", ""],
])("%s", (address, revision, subfolder) => {
  expect(readHubAddress(address)).toEqual({ id: "o/n", revision, subfolder });
});

test("an owner or a model may be called as a part of addresses", () => {
  expect(readHubAddress(`${hub}/models/tree`)?.id).toBe("models/tree");
  expect(readHubAddress(`${hub}/o/n/tree/tree/tree`)).toEqual({
    id: "o/n",
    revision: "tree",
    subfolder: "tree",
  });
  expect(readHubAddress("o/git.n")?.id).toBe("o/git.n");
});

test("the revision of the options counts before that of the address", () => {
  const place = readHubAddress(`${hub}/o/n/tree/main/sub`, { revision: "v2" });
  expect(place).toEqual({ id: "o/n", revision: "v2", subfolder: "sub" });
});

test(
  accepted("Model addresses", "URLs of pages of a mirror, set as the endpoint", "huggingface_hub 1.33.0"),
  () => {
    const mirror = { endpoint: "https://mirror.example/hub/" };
    const at = (path: string) => readHubAddress(`https://mirror.example/hub/${path}`, mirror);
    expect(at("o/n")).toEqual({ id: "o/n", subfolder: "" });
    expect(at("o/n/tree/v2/sub")).toEqual({ id: "o/n", revision: "v2", subfolder: "sub" });
    // other folders on the mirror's server
    expect(at("o/n/")).toBeUndefined();
    expect(at("static/models/n")).toBeUndefined();
    expect(at("n")).toBeUndefined();
    expect(readHubAddress("https://mirror.example/o/n", mirror)).toBeUndefined();
  },
);

describe("what names no model says so", () => {
  test.each([
    [`${hub}/datasets/o/n`, "got one of its datasets"],
    [`${hub}/datasets/imagenet`, "got one of its datasets"],
    [`${hub}/spaces/o/n`, "got one of its spaces"],
    ["hf://datasets/o/n", "got one of its datasets"],
    ["datasets/o/n", "got one of its datasets"],
    [`${hub}/docs/transformers`, "got one of its docs"],
    [`${hub}/o`, "owner/name"],
    [
      "gpt2",
      "expected owner/name, a URL, or a path beginning with / or ./. For a folder write ./gpt2, for a Hub model OWNER/gpt2.",
    ],
    [`${hub}/`, "expected owner/name"],
    [`${hub}/o/n/discussions/1`, "expected owner/name"],
    ["a/b/c", "https://huggingface.co/a/b/tree/main/SUBFOLDER"],
    ["", "expected owner/name"],
  ])("%s", (address, message) => {
    expect(() => readHubAddress(address)).toThrow(ModelLoadError);
    expect(() => readHubAddress(address)).toThrow(message);
  });

  test("another site whose name begins with the Hub's is another site", () => {
    expect(readHubAddress("https://huggingface.co.example/o/n")).toBeUndefined();
    expect(readHubAddress("https://hf.company/o/n")).toBeUndefined();
  });
});

test.each(["public/everyday80", "models/everyday80", "public/models/everyday80", "static/vit/"])(
  "%s is told to be a path of the site, before anything is asked of the Hub",
  async (name) => {
    const error = await resolveFolder(name).catch((error) => error);
    expect(error).toBeInstanceOf(ModelLoadError);
    expect(error.message).toContain(`For a path of this site write ./${name}, for a Hub model hf:${name}.`);
    expect((await resolveFolder("hf:public/everyday80")).id).toBe("public/everyday80");
  },
);

test.each([undefined, null, 42])("%s is told to be no model", async (model) => {
  const error = await resolveFolder(model as unknown as string).catch((error) => error);
  expect(error).toBeInstanceOf(ModelLoadError);
  expect(error.message).toMatch(/^model: expected a Hub id, a URL, .* got (undefined|null|Number)\.$/);
});
