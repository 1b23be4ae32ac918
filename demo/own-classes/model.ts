/** The model: what Load would download, and the load itself. */
import type { LoadOptions } from "../../src/index.ts";
import { ZeroShotClassifier } from "../../src/zeroshot/index.ts";
import { modelByName } from "../classify/models.ts";
import { byId, showError, showProgress, showStatus, showText } from "../classify/page.ts";
import { known, offerOf } from "./known-models.ts";

export interface Loaded {
  readonly name: string;
  readonly classifier: ZeroShotClassifier;
}

const HUB = "https://huggingface.co";
const address = new URL(location.href);
const endpoint = address.searchParams.get("endpoint") ?? undefined;
const device = (address.searchParams.get("device") ?? "auto") as LoadOptions["device"];

/** Loads when the form is sent, and not before. `named` hears of each model that the field names, `loaded` of each that is there. */
export function listenForModel(told: {
  readonly named: (name: string) => void;
  readonly loaded: (model: Loaded) => void;
}): void {
  const field = byId("model", HTMLInputElement);
  let inUse: Loaded | undefined;
  let loading = new AbortController();
  const offer = async () => {
    const name = field.value.trim();
    told.named(name);
    if (name === inUse?.name) return showText("offer", "");
    const words = offerOf(name, await isKept(name));
    if (name === field.value.trim()) showText("offer", words);
  };
  const load = async () => {
    loading.abort();
    loading = new AbortController();
    const { signal } = loading;
    showError(undefined);
    let before: Loaded | undefined;
    try {
      const next = await loadModel(field.value.trim(), signal);
      if (signal.aborted) return void next.classifier.dispose();
      before = inUse;
      inUse = next;
    } catch (error) {
      if (signal !== loading.signal) return; // another model is loading by now
      showProgress(undefined);
      showStatus(inUse ? `${inUse.name} stays in use.` : "");
      if (!signal.aborted) showError(error);
      return;
    }
    showProgress(undefined);
    showStatus(`Ready: ${inUse.name}.`);
    showInAddress(inUse.name);
    told.loaded(inUse);
    void before?.classifier.dispose(); // no longer used
    await offer();
  };
  byId("model-form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    void load();
  });
  field.addEventListener("input", offer);
  byId("cancel", HTMLElement).addEventListener("click", () => loading.abort());
  byId("models", HTMLElement).append(
    ...known.map(({ id, megabytes }) => new Option(`about ${megabytes} MB`, id)),
  );
  field.value = address.searchParams.get("model") ?? known[0].id;
  void offer();
}

async function loadModel(name: string, signal: AbortSignal): Promise<Loaded> {
  showProgress({ stage: "download" });
  const { source } = modelByName(name);
  const options = { endpoint, device, signal, worker: true, onProgress: showProgress };
  return { name, classifier: await ZeroShotClassifier.load(source, options) };
}

/** So that the URL can be shared. */
function showInAddress(name: string): void {
  address.searchParams.set("model", name);
  history.replaceState(null, "", address);
}

/** Whether the browser has the weights of both towers from an earlier load. */
async function isKept(name: string): Promise<boolean> {
  const isOfHub = /^[\w.-]+\/[\w.-]+$/.test(name);
  const folder = isOfHub
    ? `${(endpoint ?? HUB).replace(/\/$/, "")}/${name}/resolve/main/`
    : String(modelByName(name).source).replace(/\/?$/, "/");
  try {
    const cache = await caches.open("vit8:models");
    const kept = await cache.keys(`${folder}model.safetensors`, { ignoreSearch: true });
    // The whole file, or its header and a part for each tower.
    return kept.length > 2 || kept.some(({ url }) => !url.includes("?"));
  } catch {
    return false; // a browser that keeps nothing, or a name that is no address yet
  }
}
