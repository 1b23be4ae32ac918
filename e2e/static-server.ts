/** A static server, as a person has one: it serves a folder under a path of its own, `/below/`. */
import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";

const types: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
};

export interface StaticServer {
  /** Ends in `/below/`. */
  readonly address: string;
  stop(): void;
}

export async function serveBelow(folder: string): Promise<StaticServer> {
  const server = createServer((request, response) => {
    const name = (request.url ?? "")
      .replace(/^\/below\//, "")
      .replace(/\?.*$/, "")
      .replace(/^$|\/$/, "$&index.html");
    const file = path.join(folder, name);
    const stats = statSync(file, { throwIfNoEntry: false });
    if (!request.url?.startsWith("/below/") || !stats?.isFile()) return void response.writeHead(404).end();
    response.setHeader("Content-Type", types[path.extname(file)] ?? "application/octet-stream");
    response.setHeader("ETag", `"${stats.size}-${stats.mtimeMs}"`);
    response.end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return {
    address: `http://localhost:${(server.address() as AddressInfo).port}/below/`,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
