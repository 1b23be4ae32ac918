/** The page without a network: a service worker caches it, newer versions are offered, and it can be installed. */
import { byId } from "./page.ts";

/** Chromium's event for a page that can be installed; other browsers have a menu item. */
interface InstallEvent extends Event {
  prompt(): Promise<unknown>;
}

/** @param root where the site begins */
export function keepWithoutNetwork(root = document.baseURI): void {
  if ("serviceWorker" in navigator) register(root).catch(console.warn);
}

async function register(root: string): Promise<void> {
  const script = new URL("service-worker.js", root);
  const registration = await navigator.serviceWorker.register(script);
  const { controller } = navigator.serviceWorker;
  if (registration.waiting && controller) offerRenewal(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const next = registration.installing;
    next?.addEventListener("statechange", () => {
      // The very first one is no news.
      if (next.state === "installed" && navigator.serviceWorker.controller) offerRenewal(next);
    });
  });
}

/** The waiting version takes over when the user agrees: reloading the page without asking would lose the results. */
function offerRenewal(next: ServiceWorker): void {
  byId("renew", HTMLElement).addEventListener("click", () => {
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
    next.postMessage("take over");
  });
  byId("news", HTMLElement).firstElementChild!.removeAttribute("hidden");
}

export function offerInstalling(): void {
  const button = byId("install", HTMLButtonElement);
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    button.hidden = false;
    button.onclick = async () => {
      button.hidden = true;
      await (event as InstallEvent).prompt();
    };
  });
}
