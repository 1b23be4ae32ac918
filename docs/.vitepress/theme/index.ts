import { type Theme, withBase } from "vitepress";
import DefaultTheme from "vitepress/theme-without-fonts";
import "./style.css";

export default {
  extends: DefaultTheme,
  enhanceApp() {
    if (import.meta.env.PROD && !import.meta.env.SSR) keepWithoutNetwork();
  },
} satisfies Theme;

/** A newer version takes over at once: nothing on these pages would be lost. */
async function keepWithoutNetwork(): Promise<void> {
  const registration = await navigator.serviceWorker?.register(withBase("/service-worker.js"));
  const takeOver = () => registration.waiting?.postMessage("take over");
  takeOver();
  registration?.addEventListener("updatefound", () =>
    registration.installing?.addEventListener("statechange", takeOver),
  );
}
