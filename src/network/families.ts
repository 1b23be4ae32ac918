// The supported families, each loaded when a model uses it.

import { part } from "../errors/part.ts";
import { type Fields, field, readText, unsupported } from "../format/fields.ts";
import { isTimmConfig } from "../format/timm.ts";
import type { AnyFamily } from "./family.ts";

type Files = Readonly<Record<string, () => Promise<AnyFamily>>>;

/** By `model_type`. */
const TRANSFORMERS: Files = import.meta.glob<AnyFamily>("./families/*.ts", { import: "default" });
/** By a word of timm's names. */
const TIMM: Files = import.meta.glob<AnyFamily>("./families/timm/*.ts", { import: "default" });

/** @throws UnsupportedModelError for a model of another family, naming those that there are. */
export async function familyOf(config: Fields): Promise<AnyFamily> {
  if (!isTimmConfig(config)) return found(TRANSFORMERS, modelTypeOf(config), "model_type", config);
  const architecture = String(field(config, "architecture"));
  // The most particular word is the last one: vit_small_patch16_dinov3.
  const words = architecture.split(/[._]/).reverse();
  const word = words.find((each) => fileOf(TIMM, each));
  return found(TIMM, word ?? "", "timm architecture", config);
}

async function found(files: Files, name: string, who: string, config: Fields): Promise<AnyFamily> {
  const file = fileOf(files, name);
  if (file) return part(files[file]());
  const known = Object.keys(files).map((each) => /([^/]+)\.ts$/.exec(each)![1]);
  const got = field(config, who === "model_type" ? "model_type" : "architecture") ?? name;
  throw unsupported(who, `one of ${known.join(", ")}`, got);
}

/** Files are named in kebab case; models use any case. */
function fileOf(files: Files, name: string): string | undefined {
  const key = plain(name);
  return Object.keys(files).find((file) => plain(/([^/]+)\.ts$/.exec(file)![1]) === key);
}

const plain = (name: string) => name.toLowerCase().replace(/[^a-z\d]/g, "");

/** Without `model_type`, the class implies it: ViTForImageClassification, Dinov2Model. */
function modelTypeOf(config: Fields): string {
  const [first] = [field(config, "architectures") ?? []].flat();
  const named = typeof first === "string" ? first.replace(/(?:For[A-Z]\w*|Model)$/, "") : "";
  return readText(config, "model_type") ?? named;
}
