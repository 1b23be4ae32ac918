/** Addresses of models on the Hub as people copy them: of pages, of files, of Git, and of other programs. */
import { ModelLoadError } from "../errors/errors.ts";
import { quote } from "./fields.ts";
import type { HubOptions } from "./model-folder.ts";

export interface HubPlace {
  /** owner/name */
  readonly id: string;
  readonly revision?: string;
  /** The folder in the repository, if it is not the root. */
  readonly subfolder?: string;
}

const HOST =
  /^(?:(?:(?:https?:)?\/\/)?(?:www\.)?(?:huggingface|hf)\.co(?::\d+)?(?=[/?#]|$)|hf(?:-hub)?:\/*|git@(?:huggingface|hf)\.co:)/i;
const SCHEME = /^[a-z][\w+.-]*:|^\/\//i;
/** What the second part of a model's page says before a revision. */
const VIEWS = ["tree", "blob", "resolve", "raw", "blame", "commits", "commit"];
/** Pages of the Hub that are no models'. */
const OTHERS = ["datasets", "spaces", "docs", "blog", "papers", "collections", "organizations", "buckets"];
/** Folders of sites: not of the Hub, though they may look like an id. `models/owner/name` is one. */
const SITE_PATH = /^(?:(?:public|static|assets|dist)\/|models?\/[^/]+\/?$)/i;
/** Revisions with slashes, which some write as they are. */
const LONG_REVISION = /^refs\/(?:pr\/\d+|(?:convert|heads|tags)\/[^/]+)/;
const FILE = /\.(?:json|safetensors|bin|onnx|txt|md|pt|pth|h5|msgpack|py)$/i;

/**
 * The id, revision and path in a URL of the Hub, with the revision of `hub` as the default; undefined if the URL is not of the Hub.
 * @throws ModelLoadError for a URL of the Hub that is not a model
 */
export function readHubAddress(text: string, hub: HubOptions = {}): HubPlace | undefined {
  if (SITE_PATH.test(text))
    throw wrong(text, ID, `For a path of this site write ./${text}, for a Hub model hf:${text}.`);
  const path = pathOf(text, hub.endpoint);
  if (path === undefined) return undefined;
  const parts = path.split("/").filter(Boolean).map(decoded);
  if (parts[0] === "api" && parts[1] === "models") parts.splice(0, 2);
  if (parts[0] === "models" && parts.length > 2 && !VIEWS.includes(parts[2])) parts.shift();
  const [owner = "", rest = "", ...more] = parts;
  if (OTHERS.includes(owner) && (HOST.test(text) || more.length > 0))
    throw wrong(text, `a Hub model, got one of its ${owner}`);
  const [name, at] = rest.replace(/\.git$/, "").split("@");
  const isMirror = !HOST.test(text) && SCHEME.test(text);
  if (!name && isMirror) return undefined;
  if (!name) {
    const isWord = owner === text && text !== "";
    throw wrong(
      text,
      ID,
      isWord
        ? `For a folder write ./${text}, for a Hub model OWNER/${text}.`
        : "Look up the owner on the Hub.",
    );
  }
  const id = `${owner}/${name}`;
  if (at !== undefined) return placeOf(id, [at, ...more], hub, false);
  const [view, ...place] = more;
  // A mirror may have folders of its own.
  if (view === undefined) return isMirror && text.endsWith("/") ? undefined : placeOf(id, [], hub, false);
  if (VIEWS.includes(view)) return placeOf(id, place, hub, view === "blob" || view === "blame");
  if (/^hf(?:-hub)?:/i.test(text)) return placeOf(id, ["", ...more], hub, false);
  if (isMirror) return undefined;
  throw wrong(text, ID, `For a subfolder pass https://huggingface.co/${id}/tree/main/SUBFOLDER.`);
}

const ID = "owner/name, a URL, or a path beginning with / or ./";

/** The path after the host, without query, fragment, and punctuation at its end. */
function pathOf(text: string, endpoint: HubOptions["endpoint"]): string | undefined {
  const mirror = String(endpoint ?? "").replace(/\/+$/, "");
  const plain = text.replace(/[?#].*$/s, "").replace(/\.+$/, "");
  if (mirror && plain.startsWith(`${mirror}/`)) return plain.slice(mirror.length);
  if (HOST.test(plain)) return plain.replace(HOST, "");
  return SCHEME.test(plain) || plain.includes("\\") ? undefined : plain;
}

/** `parts` are a revision and a path. The path of a file counts as that of its folder. */
function placeOf(id: string, parts: string[], hub: HubOptions, isFile: boolean): HubPlace {
  const path = parts.join("/");
  const own = LONG_REVISION.exec(path)?.[0] ?? parts[0] ?? "";
  const inside = path.slice(own.length).split("/").filter(Boolean);
  if (inside.length > 0 && (isFile || FILE.test(inside[inside.length - 1]))) inside.pop();
  return { id, revision: hub.revision ?? (own || undefined), subfolder: inside.join("/") };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function wrong(text: string, expected: string, advice = "Pass the owner/name of a model."): ModelLoadError {
  return new ModelLoadError(`model ${quote(text)}: expected ${expected}. ${advice}`);
}
