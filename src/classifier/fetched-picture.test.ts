import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PictureError } from "../errors/errors.ts";
import { openPicture } from "./picture.ts";

const PNG = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
const elsewhere = "https://elsewhere.example/a.png";
const asked = vi.fn<(url: URL, init: RequestInit) => Promise<Response>>();

beforeEach(() => {
  vi.stubGlobal("fetch", asked);
  vi.stubGlobal("location", new URL("https://here.example/app/"));
  vi.stubGlobal("createImageBitmap", async () => ({ width: 4, height: 3, close() {} }));
  asked.mockReset().mockImplementation(async () => new Response(PNG));
});
afterEach(() => vi.unstubAllGlobals());

const failure = async (picture: string | URL): Promise<PictureError> => {
  const error = await openPicture(picture).catch((error) => error);
  expect(error).toBeInstanceOf(PictureError);
  return error;
};

/** A page's view of a server that does not allow it to read: an opaque response. */
const withoutCors = async (_: URL, { mode }: RequestInit) => {
  if (mode === "no-cors") return new Response();
  throw new TypeError("Failed to fetch");
};

test.each([
  ["a path", "cats/one.png?token=secret", "https://here.example/app/cats/one.png"],
  ["a URL", new URL("https://user:password@elsewhere.example/a.png"), elsewhere],
  ["a data: URL", "data:image/png;base64,iVBORw0KGgo=", "data: URL"],
])("%s is fetched, and called by its address without what may be secret", async (_, picture, name) => {
  const source = await openPicture(picture);
  expect(source).toMatchObject({ name, width: 4, height: 3 });
  expect(String(asked.mock.calls[0][0])).toBe(String(new URL(picture, location.href)));
});

test("a page's base is that of its images", async () => {
  vi.stubGlobal("document", { baseURI: "https://cdn.example/pictures/" });
  expect((await openPicture("one.png")).name).toBe("https://cdn.example/pictures/one.png");
});

test.each<[string, string, typeof withoutCors, RegExp]>([
  ["nothing", "", async () => new Response(PNG), /^image: expected the URL of an image, got ""\.$/],
  ["no URL", "http://", async () => new Response(PNG), /got "http:\/\/"\.$/],
  [
    "a missing image",
    "/none.png",
    async () => new Response("", { status: 404 }),
    /none\.png: .*got status 404\. Check the URL\.$/,
  ],
  [
    "another site without CORS",
    elsewhere,
    withoutCors,
    /a\.png: blocked by CORS\. .*Access-Control-Allow-Origin/,
  ],
  [
    "no server",
    elsewhere,
    () => Promise.reject(new TypeError("Failed to fetch")),
    /a\.png: no answer .*connect-src/,
  ],
  ["a refusal of one's own site", "/a.png", withoutCors, /a\.png: no answer/],
])("%s is a PictureError with the remedy", async (_, picture, answer, message) => {
  asked.mockImplementation(answer);
  expect((await failure(picture)).message).toMatch(message);
});

test("what is no image at the address is named", async () => {
  vi.stubGlobal("createImageBitmap", () => Promise.reject(new DOMException("no", "InvalidStateError")));
  asked.mockImplementation(async () => new Response("<!doctype html><p>Log in"));
  expect((await failure("cat.jpg")).message).toBe(
    "https://here.example/app/cat.jpg: expected an image, got a web page (HTML). Check the URL.",
  );
});

test.each(["before the answer", "during the download"])(
  "an abort %s ends the fetch with its reason",
  async (when) => {
    const controller = new AbortController();
    const reason = new Error("enough");
    asked.mockImplementation(async (_, { signal }) => {
      const aborted = new Promise<never>((_, reject) =>
        signal!.addEventListener("abort", () => reject(signal!.reason)),
      );
      return when === "before the answer"
        ? aborted
        : ({ ok: true, blob: () => aborted } as unknown as Response);
    });
    const opening = openPicture("cat.jpg", controller.signal);
    await vi.waitFor(() => expect(asked).toHaveBeenCalled());
    controller.abort(reason);
    await expect(opening).rejects.toBe(reason);
  },
);
