// `vit8 bench`: how fast the kernels and whole models are here, and how fast others are.

import { benchPeer, peerTable } from "./bench-peer.ts";
import { type Arguments, type Command, type Terminal, UsageError } from "./command.ts";

export const bench: Command = {
  name: "bench",
  usage: "--peer ort --model MODEL [PICTURE...]",
  summary: "Measures models against ONNX Runtime.",
  options: {
    peer: { value: "ort", help: "run MODEL in ONNX Runtime too, WebGPU and CPU, in turns" },
    model: { value: "MODEL", help: "a model folder, a Hugging Face id or a URL" },
    batch: { value: "N", help: "pictures in one submit; default 1" },
    quick: { help: "few repeats" },
    json: { help: "print one object" },
  },
  async run(args, terminal) {
    const peer = args.text("peer");
    if (peer !== "ort") throw new UsageError(`--peer: expected ort, came "${peer}"`);
    await runPeer(args, terminal);
  },
};

async function runPeer(args: Arguments, terminal: Terminal): Promise<void> {
  const model = args.text("model");
  if (!model) throw new UsageError("--peer: expected --model MODEL beside it");
  const options = {
    model,
    batch: args.count("batch") ?? 1,
    pictures: args.positionals,
    quick: args.flag("quick"),
  };
  const report = await benchPeer(options, terminal);
  terminal.print(args.flag("json") ? `${JSON.stringify(report, null, 2)}\n` : peerTable(report));
}
