// The Hub's endpoint and token from the environment variables that huggingface_hub reads; and hints about proxies.

import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { ModelLoadError } from "../errors/errors.ts";
import type { HubOptions, ModelFolder } from "../format/folder.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The endpoint (the argument takes precedence) and the token, which is sent only there: fetch drops it on a redirect to another origin. */
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

/** `HF_TOKEN`, or the file that `hf auth login` writes; undefined if it is not a valid header value. */
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

/** The same folder, with errors that say what helps in Node: a token, or a proxy setting. */
export function advising(folder: ModelFolder, unreached: string): ModelFolder {
  const advised = (error: unknown) => {
    if (error instanceof ModelLoadError) {
      const isUnreached = /config\.json: .*(?:no answer|got 40[13])/.test(error.message);
      error.message = told(error) + adviceOf(error.message) + (isUnreached ? unreached : "");
    }
    throw error;
  };
  return {
    ...folder,
    readText: (name, signal) => folder.readText(name, signal).catch(advised),
    open: (name, signal, range) => folder.open(name, signal, range).catch(advised),
  };
}

/** Node's `fetch` only reports "fetch failed"; the reason is in the cause. */
function told({ message, cause }: ModelLoadError): string {
  const below = (cause as Error | undefined)?.cause as Error | undefined;
  return below?.message ? message.replace("(fetch failed)", () => `(${below.message})`) : message;
}

function adviceOf(message: string, env: Environment = process.env): string {
  if (/got 40[13]/.test(message))
    return " For a private or gated Hub model set HF_TOKEN to a token that may read it.";
  const names = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];
  const proxy = names.find((name) => env[name]);
  if (!proxy || env.NODE_USE_ENV_PROXY || !message.includes("no answer (")) return "";
  return ` Node's fetch ignores ${proxy}: also set NODE_USE_ENV_PROXY=1 (Node 22.21+ or 24+).`;
}
