// Browsers slow hidden tabs down, so measurements there are not valid. Node has no tabs.

/** Resolves once the tab is visible. */
export async function shown(signal?: AbortSignal): Promise<void> {
  while (isHidden())
    await new Promise<void>((resolve, reject) => {
      document.addEventListener("visibilitychange", () => resolve(), { once: true });
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
}

/** Watches from now on. The returned function stops watching and returns whether the tab was hidden meanwhile. */
export function watchHidden(): () => boolean {
  if (typeof document === "undefined") return () => false;
  let hidden = isHidden();
  const look = () => {
    hidden ||= isHidden();
  };
  document.addEventListener("visibilitychange", look);
  return () => {
    document.removeEventListener("visibilitychange", look);
    return hidden;
  };
}

function isHidden(): boolean {
  return typeof document !== "undefined" && document.visibilityState === "hidden";
}
