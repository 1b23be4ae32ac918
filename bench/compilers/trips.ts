// How often the loops of a compiled program run for a problem: what there is to multiply, over what one turn multiplies.

import { type Loop, multiplyingLoops } from "./listing.ts";

/** Of one thread. */
export interface Work {
  /** Multiply-adds of each product of the kernel, in the order of its code; empty where it has none. */
  readonly products: readonly number[];
  /** Turns of the outermost loop around the products, where they are known. */
  readonly turns?: number;
  /** Bytes that it reads and writes. */
  readonly bytes: number;
}

/** Turns of a loop that nothing is known of, for each turn of the one around it. */
const USUAL_TURNS = 4;

/** Turns of every loop in one run of the program, which itself is there with 1. */
export function tripsOf(whole: Loop, work: Work, wave: number): Map<Loop, number> {
  const trips = new Map<Loop, number>();
  const loops = loopsOf(whole, work.products.length);
  for (const [i, loop] of loops.entries())
    trips.set(loop, Math.max(1, productOf(work.products, i, loops.length) / macsOf(loop)));
  for (const loop of whole.inner) settleAround(loop, trips, work.turns ?? 1);
  for (const loop of whole.inner)
    if (trips.has(loop) && loop.inner.length > 0 && work.turns) trips.set(loop, work.turns);
  trips.set(whole, 1);
  settleOthers(whole, trips, work, wave);
  return trips;
}

/** A loop around those that multiply turns less often than they do, but as often as the outermost. */
function settleAround(loop: Loop, trips: Map<Loop, number>, least: number): void {
  for (const inner of loop.inner) settleAround(inner, trips, least);
  const within = loop.inner.flatMap((inner) => trips.get(inner) ?? []);
  if (!trips.has(loop) && within.length > 0)
    trips.set(loop, Math.max(least, Math.max(...within) / USUAL_TURNS));
}

/** The rest: once a turn of the loop around, or, where nothing multiplies, as often as there are bytes to move. */
function settleOthers(loop: Loop, trips: Map<Loop, number>, work: Work, wave: number): void {
  for (const inner of loop.inner) {
    const { globalBytes } = inner.own;
    const streams = work.products.length === 0 && globalBytes > 0;
    const turns = streams ? Math.max(1, (work.bytes * wave) / globalBytes) : trips.get(loop)!;
    if (!trips.has(inner)) trips.set(inner, turns);
    settleOthers(inner, trips, work, wave);
  }
}

/** As many loops as there are products: those that multiply most in a turn, dots before floats, in the order of the code. */
function loopsOf(whole: Loop, products: number): Loop[] {
  const all = multiplyingLoops(whole, 1);
  const weight = ({ own: { dot, matrix, macs } }: Loop) => 1e6 * (dot + matrix) + macs;
  const most = [...all].sort((a, b) => weight(b) - weight(a)).slice(0, products);
  return all.filter((loop) => most.includes(loop));
}

/** Whether anything in a program multiplies, in a form that is counted. */
export function multiplies(whole: Loop): boolean {
  return whole.own.macs + whole.own.dot > 0 || multiplyingLoops(whole, 1).length > 0;
}

function macsOf({ own: { dot, macs } }: Loop): number {
  return dot > 0 ? 4 * dot : macs;
}

/** The product of the i-th of so many loops: one each, or shared by the loops that there are. */
function productOf(products: readonly number[], i: number, loops: number): number {
  if (products.length === loops) return products[i];
  return products.reduce((sum, product) => sum + product, 0) / loops;
}
