import { createReadStream, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { Connect, Plugin } from "vite";

const packages = createRequire(import.meta.url);

/** Development only: serves the other runtimes of the bench page, if they are installed: ONNX Runtime Web at `/ort/`, TensorFlow.js at `/tf/`. */
export function peers(): Plugin {
  return {
    name: "vit8:peers",
    apply: "serve",
    configureServer(server) {
      const ort = folderOf("onnxruntime-web/webgpu");
      const tf = folderOf("@tensorflow/tfjs/dist/tf.min.js");
      const tfWebgpu = folderOf("@tensorflow/tfjs-backend-webgpu/dist/tf-backend-webgpu.min.js");
      server.middlewares.use("/ort", files([ort]));
      server.middlewares.use("/tf", files([tf, tfWebgpu]));
    },
  };
}

/** The file of the first folder that has it. */
function files(folders: readonly (string | undefined)[]): Connect.NextHandleFunction {
  return (request, response) => {
    const name = path.basename(new URL(request.url ?? "/", "http://localhost").pathname);
    const all = folders.flatMap((folder) => (folder ? [path.join(folder, name)] : []));
    const file = all.find((each) => statSync(each, { throwIfNoEntry: false })?.isFile());
    if (!file) {
      response.statusCode = 404;
      response.end();
      return;
    }
    response.setHeader("Content-Type", name.endsWith(".wasm") ? "application/wasm" : "text/javascript");
    response.setHeader("Content-Length", statSync(file).size);
    createReadStream(file).pipe(response);
  };
}

/** Of a file of a package; undefined where it is not installed. */
function folderOf(file: string): string | undefined {
  try {
    return path.dirname(packages.resolve(file));
  } catch {
    return undefined;
  }
}
