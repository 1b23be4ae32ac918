// The status of an element: its property `status`, a part, a custom state and an event.

/** The status of an element. `loading`: the model downloads and compiles. `waiting`: for the image, or for other elements. */
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
    // Chromium before 125 requires two dashes before the name.
  }
}
