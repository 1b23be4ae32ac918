// A thread with a model of its own, which labels the images that it is sent.

import { setMaxListeners } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import type { LoadOptions } from "../classifier/api.ts";
import type { NamedContents } from "../format/folder.ts";
import { nodePlatform } from "../node/platform.ts";
import type { Asked, Columns, Encoded } from "./columns.ts";
import { labelerOf, type OwnLabels } from "./labeler.ts";

export interface ThreadStart {
  readonly files: NamedContents;
  readonly own?: OwnLabels;
  readonly options: Pick<LoadOptions, "precision" | "nonlinear" | "integerOnly">;
  /** Of pixels that are decoded at a time. */
  readonly pixelBytes: number;
}

export interface ThreadRequest {
  readonly id: number;
  readonly images: readonly Encoded[];
  readonly asked: Omit<Asked, "signal">;
}

/** The first one says that the model is loaded. */
export type ThreadReply =
  | { readonly id?: undefined }
  | { readonly id: number; readonly columns: Columns[] }
  | { readonly id: number; readonly message: string };

const port = parentPort!;
const { files, own, options, pixelBytes } = workerData as ThreadStart;
// A model in this thread alone: the other cores have theirs.
const platform = { ...nodePlatform, threads: undefined };
const labeler = await labelerOf(own, platform, pixelBytes).load(files, { ...options, device: "cpu" });
// An abort ends the thread.
const { signal } = new AbortController();
setMaxListeners(0, signal);
const reply = (message: ThreadReply) => port.postMessage(message);
port.on("message", async ({ id, images, asked }: ThreadRequest) => {
  try {
    reply({ id, columns: await labeler.columns(images, { ...asked, signal }) });
  } catch (error) {
    reply({ id, message: (error as Error).message });
  }
});
reply({});
