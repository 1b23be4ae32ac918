/** `npm start [-- --port N]`: installs what is missing, serves the demo, and opens it if there is a display. */
import { readOptions } from "./options.mjs";
import { root, setUpDependencies } from "./setup.mjs";

const { port } = readOptions(
  `npm start [-- options]
Installs what is missing, serves the demo, and opens it where there is a display.

  --port N         default 5173
  -h, --help       show this text`,
  { port: { type: "string" } },
);
setUpDependencies();
const { createServer } = await import("vite");
const display = process.platform === "linux" ? process.env.DISPLAY || process.env.WAYLAND_DISPLAY : true;
const open = Boolean(display && !process.env.CI);
const server = await createServer({ root, server: { port: Number(port ?? 5173), open } });
await server.listen();
server.printUrls();
