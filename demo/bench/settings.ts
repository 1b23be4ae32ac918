// The settings of a run in the URL, within bounds. Every invalid value is reported.

import { WEB_PROVIDERS } from "../../bench/peers/onnx-web.ts";
import { SHAPES, type ShapeName } from "../../src/bench/made-up-model.ts";
import type { DeviceChoice } from "../../src/index.ts";
import { FORMATS } from "../../src/onnx/linear.ts";

export const PRESETS = ["quick", "standard", "full"] as const;
export type PresetName = (typeof PRESETS)[number];

export interface Settings {
  readonly preset: PresetName;
  readonly models: readonly ShapeName[];
  /** Images in one submit. */
  readonly batch: readonly number[];
  /** Pixels along a side of an image. */
  readonly size: readonly number[];
  /** Part of a kernel's name; empty: every kernel. */
  readonly kernel: string;
  readonly clock: "timestamps" | "wall";
  /** `auto`: the GPU, or the CPU if there is none or only a software adapter. */
  readonly device: DeviceChoice;
  /** The path of a model's folder, of this origin alone; empty: synthetic weights. */
  readonly model: string;
  /** Configurations of ONNX Runtime Web, such as `webgpu-q8`, and `tfjs-webgpu`. */
  readonly peers: readonly string[];
  /** The path of ONNX Runtime Web's dist folder. Of this origin alone: a link must not bring code of another. */
  readonly runtime: string;
  /** The same for TensorFlow.js's files. */
  readonly tensorflow: string;
  /** A kernel that is changed to compute wrong results, to check that this is detected. */
  readonly wrong: string;
}

export type ParameterName = Exclude<keyof Settings, "preset" | "wrong">;

interface Parameter<T> {
  readonly label: string;
  /** The expected values, in words. */
  readonly hint: string;
  /** Undefined for a value out of bounds. */
  parse(text: string): T | undefined;
}

/** TensorFlow.js on its WebGPU backend, in f32. */
export const TFJS = "tfjs-webgpu";
const PEERS = [...WEB_PROVIDERS.flatMap((provider) => FORMATS.map((dtype) => `${provider}-${dtype}`)), TFJS];

export const DEVICES = ["auto", "webgpu", "cpu"] as const;

type Parameters = { readonly [K in keyof Settings]: Parameter<Settings[K]> };

export const PARAMETERS: Parameters = {
  preset: {
    label: "Preset",
    hint: PRESETS.join(", "),
    parse: (text) => PRESETS.find((name) => name === text),
  },
  models: {
    label: "Models",
    hint: `some of ${Object.keys(SHAPES).join(", ")}`,
    parse: (text) => listOf(text, (name) => (Object.hasOwn(SHAPES, name) ? (name as ShapeName) : undefined)),
  },
  batch: {
    label: "Batch",
    hint: "images per submit, 1 to 64, separated by commas",
    parse: numbers(1, 64, 1),
  },
  size: {
    label: "Size",
    hint: "pixels per side, 32 to 1024 in steps of 16, separated by commas",
    parse: numbers(32, 1024, 16),
  },
  kernel: {
    label: "Kernel",
    hint: "part of its name; empty for all",
    parse: (text) => (/^\w{0,40}$/.test(text) ? text : undefined),
  },
  clock: {
    label: "Clock",
    hint: "timestamps or wall",
    parse: (text) => (["timestamps", "wall"] as const).find((name) => name === text),
  },
  device: {
    label: "Device",
    hint: DEVICES.join(", "),
    parse: (text) => DEVICES.find((name) => name === text),
  },
  peers: {
    label: "Against",
    hint: `webgpu- or wasm- and ${FORMATS.join(", ")}, or ${TFJS}, separated by commas`,
    parse: (text) => listOf(text, (part) => PEERS.find((name) => name === part)),
  },
  runtime: {
    label: "ONNX Runtime Web",
    hint: "the path of its dist folder on this server",
    parse: pathOf,
  },
  tensorflow: {
    label: "TensorFlow.js",
    hint: "the path of its files on this server",
    parse: pathOf,
  },
  model: {
    label: "Model folder",
    hint: "its path on this server, such as ../../models/everyday80/; empty: random weights of Models",
    parse: (text) => (text === "" ? text : pathOf(text)),
  },
  wrong: {
    label: "Wrong",
    hint: "a kernel's name",
    parse: (text) => (/^\w{0,60}$/.test(text) ? text : undefined),
  },
};

const NAMES = Object.keys(PARAMETERS) as (keyof Settings)[];

const DEFAULTS: Settings = {
  preset: "quick",
  models: ["ti"],
  batch: [1],
  size: [224],
  kernel: "",
  clock: "timestamps",
  device: "auto",
  model: "",
  peers: ["webgpu-fp32", "webgpu-q8", "wasm-fp32"],
  runtime: "../../ort/",
  tensorflow: "../../tf/",
  wrong: "",
};

/** The preset of the query, with the other settings of the query; complaints name the invalid ones. */
export function settingsOf(
  query: URLSearchParams,
  presets: Readonly<Record<PresetName, Partial<Settings>>>,
): { settings: Settings; complaints: string[] } {
  const complaints: string[] = [];
  const told: Record<string, unknown> = {};
  for (const name of NAMES) {
    const text = query.get(name);
    if (text === null) continue;
    const value = PARAMETERS[name].parse(text.trim());
    if (value !== undefined) told[name] = value;
    else complaints.push(`${name}: expected ${PARAMETERS[name].hint}; got "${text.slice(0, 40)}", ignored`);
  }
  const preset = (told.preset as PresetName) ?? DEFAULTS.preset;
  return { settings: { ...DEFAULTS, ...presets[preset], ...told } as Settings, complaints };
}

/** As a query: a run of this page with these settings. */
export function queryOf(
  page: string,
  settings: Partial<Settings>,
  parameters: readonly ParameterName[],
): URLSearchParams {
  const query = new URLSearchParams({ page, preset: settings.preset ?? DEFAULTS.preset });
  for (const name of parameters) query.set(name, String(settings[name] ?? DEFAULTS[name]));
  if (settings.wrong) query.set("wrong", settings.wrong);
  return query;
}

/** Of this server: no scheme, no other host. */
function pathOf(text: string): string | undefined {
  return /^(?!\/\/)[\w./@-]{1,200}\/$/.test(text) ? text : undefined;
}

const MOST_VALUES = 12;

function listOf<T>(text: string, parse: (part: string) => T | undefined): T[] | undefined {
  const values = text.split(",").map((part) => parse(part.trim()));
  if (values.length > MOST_VALUES || values.some((value) => value === undefined)) return undefined;
  return [...new Set(values as T[])];
}

function numbers(least: number, most: number, step: number): (text: string) => number[] | undefined {
  return (text) =>
    listOf(text, (part) => {
      const value = /^\d{1,4}$/.test(part) ? Number(part) : Number.NaN;
      return value >= least && value <= most && value % step === 0 ? value : undefined;
    });
}
