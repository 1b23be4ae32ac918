/** The page without a network: it is kept by a service worker, told of newer versions, and can be installed. */
import { byId } from "./page.ts";

/** As Chromium tells that the page can be installed; other browsers have it in their menus. */
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

/** The version that waits takes over when the person says so: a page changed under the hand would lose the answer. */
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
