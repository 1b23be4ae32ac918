import { createReadStream, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { Plugin } from "vite";

/** Development only: ONNX Runtime Web at `/ort/`, where somebody has installed it, for the race on the bench page. */
export function onnxRuntime(): Plugin {
  return {
    name: "vit8:onnx-runtime",
    apply: "serve",
    configureServer(server) {
      const folder = distFolder();
      server.middlewares.use("/ort", (request, response) => {
        const name = path.basename(new URL(request.url ?? "/", "http://localhost").pathname);
        const file = path.join(folder ?? "", name);
        const stats = folder ? statSync(file, { throwIfNoEntry: false }) : undefined;
        if (!stats?.isFile()) {
          response.statusCode = 404;
          response.end();
          return;
        }
        response.setHeader("Content-Type", name.endsWith(".wasm") ? "application/wasm" : "text/javascript");
        response.setHeader("Content-Length", stats.size);
        createReadStream(file).pipe(response);
      });
    },
  };
}

function distFolder(): string | undefined {
  try {
    return path.dirname(createRequire(import.meta.url).resolve("onnxruntime-web/webgpu"));
  } catch {
    return undefined;
  }
}
