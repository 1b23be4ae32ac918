// Runs that this browser keeps, the latest first.

import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Run } from "./bench-page.ts";

export interface SavedRun {
  readonly id: number;
  readonly run: Run;
}

interface Schema extends DBSchema {
  runs: { key: number; value: Run };
}

/** More than anybody compares; the oldest go first. */
const MOST_RUNS = 100;

let opening: Promise<IDBPDatabase<Schema>> | undefined;

function database(): Promise<IDBPDatabase<Schema>> {
  opening ??= openDB<Schema>("vit8-bench", 1, {
    upgrade(db) {
      db.createObjectStore("runs", { autoIncrement: true });
    },
  });
  return opening;
}

export async function saveRun(run: Run): Promise<void> {
  const db = await database();
  await db.add("runs", run);
  const ids = await db.getAllKeys("runs");
  for (const id of ids.slice(0, -MOST_RUNS)) await db.delete("runs", id);
}

/** Of one page. */
export async function savedRuns(page: string): Promise<SavedRun[]> {
  const transaction = (await database()).transaction("runs");
  const [ids, runs] = await Promise.all([transaction.store.getAllKeys(), transaction.store.getAll()]);
  return runs
    .map((run, i) => ({ id: ids[i], run }))
    .filter(({ run }) => run.page === page)
    .reverse();
}

export async function forgetRun(id: number): Promise<void> {
  await (await database()).delete("runs", id);
}
