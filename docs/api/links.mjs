/** A TypeDoc plugin: a link to `site:PATH` becomes a relative one, so that the reference works under any path. */

/** @param {{ renderer: { on(event: "endPage", listener: (page: { url: string; contents?: string }) => void): void } }} app */
export function load({ renderer }) {
  renderer.on("endPage", (page) => {
    const up = "../".repeat(page.url.split("/").length);
    page.contents = page.contents?.replaceAll('href="site:', `href="${up}`);
  });
}
