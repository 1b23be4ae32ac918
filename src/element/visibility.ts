// Tells once when an element comes near the viewport.

/** Far enough to be done when it is scrolled to, as browsers have it for lazy images. */
const MARGIN = "50%";

const callbacks = new WeakMap<Element, () => void>();
let observer: IntersectionObserver | undefined;

/** At once where nothing can be observed, as in jsdom. */
export function whenNear(element: Element, callback: () => void): void {
  if ("IntersectionObserver" in globalThis) {
    observer ??= new IntersectionObserver(tell, { rootMargin: MARGIN });
    callbacks.set(element, callback);
    observer.observe(element);
  } else callback();
}

export function forgetNear(element: Element): void {
  callbacks.delete(element);
  observer?.unobserve(element);
}

function tell(entries: IntersectionObserverEntry[]): void {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    const callback = callbacks.get(target);
    forgetNear(target);
    callback?.();
  }
}
