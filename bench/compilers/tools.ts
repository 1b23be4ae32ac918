// What is needed to compile for a GPU that the machine does not have: Mesa's drivers, a Vulkan layer of this project, and Mesa's
// placeholder for Intel's kernel driver. Built when needed, and cached for the user.

import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import type { TargetGpu } from "./gpus.ts";

/** A tool is missing: the message names it and how to install it. */
export class MissingToolError extends Error {
  override readonly name = "MissingToolError";
}

const OLDEST_MESA = 25;
const LAYER = "VK_LAYER_VIT8_compile_only";
const DRIVER_FOLDERS = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"];

/**
 * The environment in which a process finds this GPU, and no other, and its driver prints what it compiles.
 * @param root of the project
 * @throws MissingToolError
 */
export function environmentFor({ name, driver }: TargetGpu, root: string): Record<string, string> {
  if (driver === "amd")
    return {
      RADV_FORCE_FAMILY: name,
      RADV_DEBUG: "nocache,shaderstats,asm,cs",
      VK_DRIVER_FILES: driverFile("radeon_icd"),
      VK_INSTANCE_LAYERS: LAYER,
      VK_LAYER_PATH: layerFolder(root),
    };
  return {
    INTEL_STUB_GPU_PLATFORM: name,
    INTEL_DEBUG: "cs",
    MESA_SHADER_CACHE_DISABLE: "1",
    VK_DRIVER_FILES: driverFile("intel_icd"),
    LD_PRELOAD: intelStandIn(root),
  };
}

/** Whether compiling for Intel needs nothing to be built first. */
export function hasIntelStandIn(): boolean {
  return existsSync(standInFile());
}

/** Upstream's version of the drivers that are installed, such as 25.0.7. */
export function mesaVersion(): string | undefined {
  const status = spawnSync("dpkg-query", ["--status", "mesa-vulkan-drivers"], { encoding: "utf8" });
  return /^Version: (?:\d+:)?([\d.]+)/m.exec(status.stdout ?? "")?.[1];
}

function driverFile(name: string): string {
  const version = mesaVersion();
  const remedy =
    "install mesa-vulkan-drivers 25 or newer (Debian 12: apt-get install -t bookworm-backports mesa-vulkan-drivers)";
  if (version && Number.parseInt(version, 10) < OLDEST_MESA)
    throw new MissingToolError(`Mesa: expected ${OLDEST_MESA} or newer, got ${version}; ${remedy}`);
  const found = DRIVER_FOLDERS.flatMap((folder) =>
    existsSync(folder) ? readdirSync(folder).map((file) => path.join(folder, file)) : [],
  ).find((file) => path.basename(file).startsWith(name));
  if (found) return found;
  throw new MissingToolError(`Mesa: expected the driver ${name}.json, got none; ${remedy}`);
}

/** The folder that the Vulkan loader finds the layer in, built from its source when that changed. */
function layerFolder(root: string): string {
  const source = path.join(root, "bench", "compilers", "compile-only-layer.c");
  const hash = createHash("sha256").update(readFileSync(source)).digest("hex").slice(0, 12);
  const folder = path.join(cache(), `layer-${hash}`);
  const library = path.join(folder, "libvit8_compile_only.so");
  if (existsSync(library)) return folder;
  mkdirSync(folder, { recursive: true });
  const unfinished = `${library}.${process.pid}`;
  const { status, stderr, error } = spawnSync("cc", ["-O1", "-shared", "-fPIC", "-o", unfinished, source], {
    encoding: "utf8",
  });
  if (error || status !== 0)
    throw new MissingToolError(
      `The Vulkan layer was not built: ${error?.message ?? stderr.split("\n").find((line) => /error/.test(line))}. Install a C compiler (Debian: gcc, libc6-dev).`,
    );
  const manifest = {
    file_format_version: "1.2.0",
    layer: {
      name: LAYER,
      type: "GLOBAL",
      library_path: "./libvit8_compile_only.so",
      api_version: "1.3.0",
      implementation_version: "1",
      description: "Compiles pipelines and runs nothing",
    },
  };
  writeFileSync(path.join(folder, `${LAYER}.json`), JSON.stringify(manifest));
  cpSync(unfinished, library);
  rmSync(unfinished);
  return folder;
}

const standInFile = () =>
  path.join(cache(), `intel-${mesaVersion() ?? "unknown"}`, "libintel_noop_drm_shim.so");

/** Mesa's `intel_noop_drm_shim`, from the source of the Mesa that is installed: a minute or two, once. */
function intelStandIn(root: string): string {
  const file = standInFile();
  if (existsSync(file)) return file;
  console.error("Building Mesa's stand-in for Intel's kernel driver: a minute or two, once.");
  const work = mkdtempSync(path.join(tmpdir(), "vit8-mesa-"));
  try {
    const script = path.join(root, "bench", "compilers", "build-intel-stand-in.sh");
    execFileSync("bash", [script, work, mesaVersion() ?? ""], { stdio: ["ignore", 2, 2] });
    mkdirSync(path.dirname(file), { recursive: true });
    cpSync(path.join(work, "libintel_noop_drm_shim.so"), file);
    return file;
  } catch (cause) {
    const remedy =
      "It takes Debian, root and the source package of the installed Mesa; leave Intel out with --gpu navi21,navi31,gfx1201,vega20";
    throw new MissingToolError(`Mesa's stand-in for Intel was not built. ${remedy}.`, { cause });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function cache(): string {
  return path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), ".cache"), "vit8-compilers");
}
