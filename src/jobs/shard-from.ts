// Which shard this process is to do.

import { Vit8Error } from "../errors/errors.ts";
import type { Shard } from "./entry.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The engines that number processes, and their variables. */
const ENGINES = [
  { index: "SLURM_ARRAY_TASK_ID", count: "SLURM_ARRAY_TASK_COUNT", first: "SLURM_ARRAY_TASK_MIN" },
  { index: "AWS_BATCH_JOB_ARRAY_INDEX", count: "AWS_BATCH_JOB_ARRAY_SIZE", first: undefined },
  { index: "JOB_COMPLETION_INDEX", count: "JOB_COMPLETIONS", first: undefined },
] as const;

/** `I/N`, I from 0 on. @throws Vit8Error for other text. */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d{1,6})\/([1-9]\d{0,5})$/.exec(text) ?? [];
  if (count !== undefined && Number(index) < Number(count))
    return { index: Number(index), count: Number(count) };
  throw new Vit8Error(`--shard: expected I/N with I from 0 to N - 1, got "${text}".`);
}

/**
 * The shard from the engine that started this process: an array of Slurm or AWS Batch, or an indexed job of Kubernetes, which does not
 * provide the number of shards.
 * @throws Vit8Error if the number of shards is not known.
 */
export function shardOfEnvironment(environment: Environment): { shard: Shard; from: string } | undefined {
  for (const { index, count, first } of ENGINES) {
    const place = environment[index];
    if (!place) continue;
    const total = environment[count];
    if (!total)
      throw new Vit8Error(
        `${count}: expected a number, because ${index} is ${place}, got none. Pass both, as --shard "$${index}/N" with the number of shards.`,
      );
    const shard = parseShard(`${Number(place) - Number((first && environment[first]) || 0)}/${total}`);
    return { shard, from: index };
  }
}
