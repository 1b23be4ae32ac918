// What a process's environment says of the Hub, by the names that huggingface_hub reads: endpoint, token; and of proxies.

import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { ModelLoadError } from "../errors/errors.ts";
import type { HubOptions, ModelFolder } from "../format/folder.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The endpoint, the given one first, and the token that goes to it and, as fetch leaves it out of a redirect, nowhere else. */
export async function hubOf(
  endpoint: HubOptions["endpoint"],
  env: Environment = process.env,
): Promise<HubOptions> {
  const token = await tokenOf(env);
  return {
    endpoint: endpoint || env.HF_ENDPOINT || undefined,
    ...(token && { headers: { authorization: `Bearer ${token}` } }),
  };
}

/** `HF_TOKEN`, or the file that `hf auth login` writes; nothing that cannot be in a header. */
async function tokenOf(env: Environment): Promise<string | undefined> {
  const implicit = /^(?:1|on|true|yes)$/i.test(env.HF_HUB_DISABLE_IMPLICIT_TOKEN ?? "");
  const given = env.HF_TOKEN || env.HUGGING_FACE_HUB_TOKEN;
  const token = implicit ? "" : (given ?? (await readFile(tokenFile(env), "utf8").catch(() => "")));
  return /^[\x21-\x7e]+$/.exec(token.trim())?.[0];
}

function tokenFile(env: Environment): string {
  const caches = env.XDG_CACHE_HOME || path.join(homedir(), ".cache");
  return env.HF_TOKEN_PATH || path.join(env.HF_HOME || path.join(caches, "huggingface"), "token");
}

/** The same folder, whose errors say what helps in Node: a token, or how to get past a proxy. */
export function advising(folder: ModelFolder): ModelFolder {
  const advised = (error: unknown) => {
    if (error instanceof ModelLoadError) error.message = told(error) + adviceOf(error.message);
    throw error;
  };
  return {
    ...folder,
    readText: (name, signal) => folder.readText(name, signal).catch(advised),
    open: (name, signal) => folder.open(name, signal).catch(advised),
  };
}

/** What `fetch` says is "fetch failed"; the reason lies below that. */
function told({ message, cause }: ModelLoadError): string {
  const below = (cause as Error | undefined)?.cause as Error | undefined;
  return below?.message ? message.replace("(fetch failed)", () => `(${below.message})`) : message;
}

function adviceOf(message: string, env: Environment = process.env): string {
  if (/the server said 40[13]/.test(message))
    return "; for a private or gated model of the Hub set HF_TOKEN to a token that may read it";
  const names = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];
  const proxy = names.find((name) => env[name]);
  if (!proxy || env.NODE_USE_ENV_PROXY || !message.includes("no answer came")) return "";
  return `; ${proxy} is set, which Node's fetch ignores: set NODE_USE_ENV_PROXY=1 too (from Node 22.21 and 24 on)`;
}
