// Whether an element is near the viewport.

/** Far enough to be done when it is scrolled to, as browsers have it for lazy images. */
const MARGIN = "50%";

const near = new WeakSet<Element>();
const callbacks = new WeakMap<Element, () => void>();
let observer: IntersectionObserver | undefined;

/** False until it has; then `callback` is called, once. Always true where nothing can be observed, as in jsdom. */
export function isNear(element: Element, callback: () => void): boolean {
  if (near.has(element) || !("IntersectionObserver" in globalThis)) return true;
  observer ??= new IntersectionObserver(tell, { rootMargin: MARGIN });
  callbacks.set(element, callback);
  observer.observe(element);
  return false;
}

export function forgetNear(element: Element): void {
  near.delete(element);
  callbacks.delete(element);
  observer?.unobserve(element);
}

function tell(entries: IntersectionObserverEntry[]): void {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    const callback = callbacks.get(target);
    forgetNear(target);
    near.add(target);
    callback?.();
  }
}
