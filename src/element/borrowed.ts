// A classifier that the page loads and lends to elements: it disposes of it, and replaces it when it is broken.

import { inTurn, type Lent, type ModelLease, type Queue } from "./lease.ts";

/** For the elements that share one. */
const queues = new WeakMap<Lent, Queue>();

/** The same lease as long as it is the same classifier. */
export function borrow(lease: ModelLease | undefined, lent: Lent): ModelLease {
  if (lease?.lent === lent) return lease;
  lease?.release();
  const queue = queues.get(lent) ?? { tail: Promise.resolve() };
  queues.set(lent, queue);
  return {
    address: "",
    device: "auto",
    labels: [],
    worker: false,
    lent,
    classifier: Promise.resolve(lent),
    ready: true,
    current: true,
    turn: (work) => inTurn(queue, work),
    forget() {},
    release() {},
  };
}
