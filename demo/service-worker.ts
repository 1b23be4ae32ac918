/// <reference lib="webworker" />
/** Keeps the demo with the bundled model, or the docs, so that they work without a network after the first visit. */

declare const self: ServiceWorkerGlobalScope;
/** Paths below this script's folder, and a name that changes with any of their bytes: build/kept.ts writes them. */
declare const __FILES__: string[];
declare const __PREFIX__: string;
declare const __VERSION__: string;

const prefix = __PREFIX__;
const name = prefix + __VERSION__;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(name).then((cache) => cache.addAll(__FILES__)));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOthers().then(() => self.clients.claim()));
});

/** A newer version waits until the page requests it, because a person may be using the page. */
self.addEventListener("message", ({ data }) => {
  if (data === "take over") self.skipWaiting();
});

/** Cached files are served from the cache, all others from their server. */
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== self.location.origin) return;
  event.respondWith(
    caches.match(request, { ignoreSearch: true, cacheName: name }).then((kept) => kept ?? fetch(request)),
  );
});

/** Of this page's caches: another page of the origin has its own. */
async function forgetOthers(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((other) => other.startsWith(prefix) && other !== name);
  await Promise.all(old.map((other) => caches.delete(other)));
}

export {};
