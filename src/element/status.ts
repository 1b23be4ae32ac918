// What an element is doing, as its property `status`, a part, a custom state and an event say it.

/** `loading`: the model comes, and is compiled. `waiting`: for the picture, or for its turn. `classifying`: its picture is being looked at. */
export type Status = "idle" | "loading" | "waiting" | "classifying" | "ready" | "error";

export const isBusy = (status: Status): boolean =>
  status === "loading" || status === "waiting" || status === "classifying";

/** For `:state(loading)` in the page's CSS, and for assistive technology. */
export function markStatus(internals: Partial<ElementInternals>, status: Status): void {
  Object.assign(internals, { ariaBusy: String(isBusy(status)) });
  try {
    internals.states?.clear();
    internals.states?.add(status);
  } catch {
    // Chromium before 125 wants two dashes before the name
  }
}
