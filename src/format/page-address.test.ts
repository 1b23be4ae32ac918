// Addresses as pages and workers of every kind have them: of extensions, of apps, of files, and without a place.

import { afterEach, describe, expect, test, vi } from "vitest";
import { modelAddress, pictureAddress } from "../element/source.ts";
import { ModelLoadError, PictureError } from "../errors/errors.ts";
import { accepted } from "../testing/accepted.ts";
import { stubCache } from "../testing/kept-cache.ts";
import { resolveFolder } from "./folder.ts";
import { readOptional } from "./optional.ts";

const asked: string[] = [];

/** A page, or a worker where `base` is left out, whose fetch knows `files` by address and fails for others. */
function stubPage(href: string, files: Record<string, string> = {}, base: string | undefined = href) {
  asked.length = 0;
  const { protocol, host } = new URL(href);
  const origin = protocol === "blob:" ? new URL(href).origin : `${protocol}//${host}`;
  vi.stubGlobal("location", { href, protocol, origin });
  if (base) vi.stubGlobal("document", { baseURI: base });
  vi.stubGlobal("fetch", async (url: URL | string) => {
    asked.push(String(url));
    if (Object.hasOwn(files, String(url)))
      return new Response(files[String(url)], { headers: { etag: "1" } });
    throw new TypeError("Failed to fetch");
  });
}
afterEach(() => vi.unstubAllGlobals());

describe.each([
  "chrome-extension://abc",
  "moz-extension://abc-def",
  "safari-web-extension://abc",
  "capacitor://localhost",
  "ionic://localhost",
  "app://bundle",
  "tauri://localhost",
  "https://localhost",
])("a page of %s", (origin) => {
  const files = { [`${origin}/ui/m/config.json`]: "{}" };

  test.each(["./m/", "../ui/m", "/ui/m", `${origin}/ui/m/`])(
    "loads %s, and keeps nothing that the Cache refuses",
    async (model) => {
      const kept = stubCache();
      stubPage(`${origin}/ui/page.html`, files);
      const folder = await resolveFolder(model);
      expect(await folder.readText("config.json")).toBe("{}");
      expect(kept.size).toBe(origin.startsWith("http") ? 1 : 0);
    },
  );

  test("has pictures and models of its own in the element", () => {
    stubPage(`${origin}/ui/page.html`);
    expect(pictureAddress("cat.jpg")).toBe(`${origin}/ui/cat.jpg`);
    expect(pictureAddress(`${origin}/cat.jpg`)).toBe(`${origin}/cat.jpg`);
    expect(modelAddress("./m/")).toBe(`${origin}/ui/m/`);
  });
});

test(
  accepted(
    "Model addresses",
    "URLs of extensions (chrome-extension:, moz-extension:) and apps (capacitor:, tauri:, app:)",
    "Chromium 156",
  ),
  async () => {
    stubPage("https://site.example/", { "chrome-extension://abc/m/config.json": "{}" });
    const folder = await resolveFolder("chrome-extension://abc/m/");
    expect(await folder.readText("config.json")).toBe("{}");
  },
);

test("a file that an extension lacks, which its fetch fails for, is absent where it is optional", async () => {
  stubPage("chrome-extension://abc/page.html", { "chrome-extension://abc/m/config.json": "{}" });
  const folder = await resolveFolder("./m/");
  expect(await readOptional(folder, "preprocessor_config.json")).toBeUndefined();
  await expect(folder.readText("preprocessor_config.json")).rejects.toThrow("no such file");
});

test("a page from a file is told at once what to do", async () => {
  stubPage("file:///home/me/page.html");
  const folder = await resolveFolder("./m/");
  const read = folder.readText("config.json");
  await expect(read).rejects.toThrow(ModelLoadError);
  await expect(read).rejects.toThrow(/file: URLs cannot be fetched.*http.*files/);
  expect(asked).toEqual(["file:///home/me/m/config.json"]);
});

test("an address is relative to the base of the page, as pictures are", async () => {
  stubPage(
    "https://site.example/app/page",
    { "https://cdn.example/m/config.json": "{}" },
    "https://cdn.example/",
  );
  expect(await (await resolveFolder("./m/")).readText("config.json")).toBe("{}");
});

test("a worker made of a Blob has the origin of its page, and no place there", async () => {
  stubPage("blob:https://site.example/1-2", { "https://site.example/m/config.json": "{}" }, "");
  expect(await (await resolveFolder("/m/")).readText("config.json")).toBe("{}");
  await expect(resolveFolder("./m/")).rejects.toThrow('expected an http or https URL, got "./m/"');
});

test.each([
  "data:application/json,{}",
  "blob:https://site.example/1-2",
  "javascript:alert(1)",
  "about:blank",
  "mailto:o@n",
  "C:\\models\\vit",
  "c:/models/vit",
  "https://",
  "file:///etc/",
  "ftp://host/m/",
  "javascript://host/m/",
])("%s is no folder: the error says to pass files", async (model) => {
  stubPage("https://site.example/page.html");
  await expect(resolveFolder(model)).rejects.toThrow(ModelLoadError);
  await expect(resolveFolder(model)).rejects.toThrow("pass files, or bytes by file name");
});

describe("pictures of the element", () => {
  test.each(["data:image/png;base64,AA", "blob:https://site.example/1", "http://other.example/a.png"])(
    "%s",
    (src) => {
      stubPage("https://site.example/page.html");
      expect(pictureAddress(src)).toBe(src);
    },
  );

  test.each(["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "ftp://host/a.png", "", "  "])(
    "%j is none",
    (src) => {
      stubPage("https://site.example/page.html");
      expect(() => pictureAddress(src)).toThrow(PictureError);
    },
  );
});
