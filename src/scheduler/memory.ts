// Which tensors may share a buffer: two whose lives do not touch.

import type { Graph } from "./step.ts";

export interface Slot {
  byteLength: number;
  readonly tensors: string[];
}

/** First and last step that touches each tensor. */
function lifetimes({ steps, tensors }: Graph): Map<string, { first: number; last: number }> {
  const lives = new Map<string, { first: number; last: number }>();
  for (const [i, { buffers }] of steps.entries())
    for (const name of Object.values(buffers))
      if (tensors.has(name)) lives.set(name, { first: lives.get(name)?.first ?? i, last: i });
  return lives;
}

/** Buffers to allocate, each with the tensors that take turns in it; the closest fit among the free ones is taken. */
export function assignSlots(graph: Graph): Slot[] {
  const slots: (Slot & { busyUntil: number })[] = [];
  for (const [name, { first, last }] of lifetimes(graph)) {
    const { byteLength } = graph.tensors.get(name)!;
    const held = graph.held.has(name);
    const free = held ? [] : slots.filter((slot) => slot.busyUntil < first);
    free.sort((a, b) => Math.abs(a.byteLength - byteLength) - Math.abs(b.byteLength - byteLength));
    const slot = free[0] ?? { byteLength: 0, tensors: [], busyUntil: 0 };
    if (!free[0]) slots.push(slot);
    slot.byteLength = Math.max(slot.byteLength, byteLength);
    slot.tensors.push(name);
    slot.busyUntil = held ? Number.POSITIVE_INFINITY : last;
  }
  return slots.map(({ byteLength, tensors }) => ({ byteLength, tensors }));
}
