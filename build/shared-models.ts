import { createReadStream, existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import type { Plugin } from "vite";

/**
 * Development only: the model folders of `../shared/models`, where they exist, at `/models-dev/<name>/<file>`, and their
 * names as a JSON array at `/models-dev/index.json`.
 */
export function sharedModels(): Plugin {
  return {
    name: "vit8:shared-models",
    apply: "serve",
    configureServer(server) {
      const directory = path.resolve(server.config.root, "../shared/models");
      server.middlewares.use("/models-dev", (request, response) => {
        const parts = decodeURIComponent((request.url ?? "").split("?")[0])
          .split("/")
          .filter((part) => part !== "");
        if (parts.join("/") === "index.json") {
          response.setHeader("Content-Type", "application/json");
          response.end(JSON.stringify(modelNames(directory)));
          return;
        }
        const file = path.join(directory, ...parts);
        const stats = statSync(file, { throwIfNoEntry: false });
        if (parts.length !== 2 || parts.includes("..") || !stats?.isFile()) {
          response.statusCode = 404;
          response.end();
          return;
        }
        response.setHeader("Content-Length", stats.size);
        createReadStream(file).pipe(response);
      });
    },
  };
}

function modelNames(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory).filter((name) => existsSync(path.join(directory, name, "config.json")));
}
