/** The kernels on wgpu and naga: bundles test/wgpu/main.ts, its WGSL linked, and runs it in Deno on two cores. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp from "sharp";
import { build } from "vite";
import { root } from "./setup.mjs";

const shares = 2;
const outDir = mkdtempSync(path.join(tmpdir(), "vit8-wgpu-"));
process.on("exit", () => rmSync(outDir, { recursive: true, force: true }));

await build({
  root,
  logLevel: "warn",
  publicDir: false,
  build: { ssr: "test/wgpu/main.ts", outDir, emptyOutDir: false, target: "es2022" },
});
// Deno decodes no images.
const picture = path.join(outDir, "picture.rgba");
writeFileSync(
  picture,
  await sharp(path.join(root, "test/goldens/picture.png")).ensureAlpha().raw().toBuffer(),
);
const codes = await Promise.all(Array.from({ length: shares }, (_, share) => run(share)));
process.exitCode = Math.max(...codes);

/** @param {number} share @returns {Promise<number>} */
async function run(share) {
  const deno = path.join(root, "node_modules", ".bin", "deno");
  const script = path.join(outDir, "main.js");
  const args = [
    "run",
    "--unstable-webgpu",
    "--allow-all",
    script,
    String(share),
    String(shares),
    root,
    picture,
  ];
  const shell = process.platform === "win32";
  const [code] = await once(spawn(deno, args, { stdio: "inherit", shell }), "exit");
  // Ended by a signal: no code, and no success.
  return code ?? 1;
}
