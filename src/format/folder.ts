/** A model folder: on a server, on the Hub, or as files or bytes in memory. */
import { ModelLoadError } from "../errors/errors.ts";
import { part } from "../errors/part.ts";
import { until } from "../errors/until.ts";
import { quote } from "./fields.ts";
import type { HubOptions, ModelFolder, ModelSource, NamedContents } from "./model-folder.ts";
import { openHubFolder, openUrlFolder } from "./url-folder.ts";

export type {
  ByteRange,
  FileContents,
  HubOptions,
  ModelFolder,
  ModelSource,
  NamedContents,
} from "./model-folder.ts";

const ID = /^[\w-][\w.-]*\/[\w-]([\w.-]*[\w-])?$/;
const HUB = /^(hf(-hub)?:|git@|(https?:)?\/\/(www\.)?(huggingface|hf)\.co\b)/i;
const HUB_WITHOUT_SCHEME = /^(www\.)?(huggingface|hf)\.co\//i;
/** Folders of sites: most likely a path, though it has the form of an id. */
const PATH = /^(public|static|assets|models?|dist)\//i;
const ADDRESS = /^[a-z][\w+.-]*:|^\.{0,2}\//i;

/**
 * Opens the folder of a model: `owner/name` is on the Hub; a URL or a path that begins with `/`, `./` or `../` is on a server; files and
 * bytes are used directly. The URL of a model's page on the Hub counts as its `owner/name`. Every wait in the folder ends with the signal
 * passed to it.
 * @throws ModelLoadError if the argument does not name a model
 */
export async function resolveFolder(model: ModelSource, hub: HubOptions = {}): Promise<ModelFolder> {
  return heeding(await findFolder(model, hub));
}

async function findFolder(model: ModelSource, hub: HubOptions): Promise<ModelFolder> {
  const name = nameOfModel(model);
  if (name !== undefined && isOfHub(name, hub.endpoint)) {
    if (ID.test(name) && !HUB_WITHOUT_SCHEME.test(name) && !PATH.test(name)) return openHubFolder(name, hub);
    const place = (await part(import("./hub-address.ts"))).readHubAddress(name, hub);
    if (place) return openHubFolder(place.id, { ...hub, ...place });
  }
  if (hub.revision !== undefined)
    throw new ModelLoadError(
      `revision ${quote(hub.revision)}: expected a Hub model, got another source. Remove the option revision.`,
    );
  if (name !== undefined) return openUrlFolder(name);
  if (isFolder(model)) return model;
  const { openFilesFolder } = await part(import("./files-folder.ts"));
  return openFilesFolder(model as Iterable<File> | NamedContents);
}

/** The name of a model; undefined if it is in memory. A URL may be from another realm. */
export function nameOfModel(model: ModelSource): string | undefined {
  if (typeof model === "string") return model.trim();
  return typeof (model as URL | undefined)?.href === "string" ? String(model) : undefined;
}

function isOfHub(name: string, endpoint: HubOptions["endpoint"]): boolean {
  return !ADDRESS.test(name) || HUB.test(name) || (Boolean(endpoint) && name.startsWith(String(endpoint)));
}

export function isFolder(model: ModelSource | undefined): model is ModelFolder {
  return typeof (model as Partial<ModelFolder> | undefined)?.readText === "function";
}

/** The same folder with abortable calls; a file that opens after the signal is canceled. */
export function heeding(folder: ModelFolder): ModelFolder {
  return {
    id: folder.id,
    readText: (name, signal) => until(signal, folder.readText(name, signal)),
    async open(name, signal, range) {
      const opening = folder.open(name, signal, range);
      return until(signal, opening).catch(async (error) => {
        void opening.then((file) => file?.stream.cancel()).catch(() => {});
        throw error;
      });
    },
    forget: async () => folder.forget?.() ?? false,
    refresh: async () => folder.refresh?.(),
  };
}
