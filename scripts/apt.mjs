/** Debian's way to what the tests need beside Node: a Chromium, and a software Vulkan driver that Dawn accepts. */
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";

/** Dawn does not support the lavapipe of Mesa 22, the one in Debian 12; its backports have a newer one. */
const oldestMesa = 23;
const sourcesFile = "/etc/apt/sources.list.d/vit8-backports.list";

/** Whether this process may install packages. */
export const canInstall = () => process.getuid?.() === 0 && spawnSync("apt-get", ["--version"]).status === 0;

export function installChromium() {
  apt("update");
  install("chromium");
}

/** For the Vulkan layer under which real GPUs' compilers run. */
export function installCompiler() {
  apt("update");
  install("gcc", "libc6-dev");
}

/** Adds the release's backports to apt's sources where its own Mesa is too old. */
export function installSoftwareVulkan() {
  const drivers = ["mesa-vulkan-drivers", "libvulkan1"];
  apt("update");
  const backports =
    mesaCandidate(ask("apt-cache", "policy", "mesa-vulkan-drivers")) < oldestMesa &&
    backportsSource(targets());
  if (!backports) return install(...drivers);
  writeFileSync(sourcesFile, backports.line);
  apt("update");
  install("-t", backports.suite, ...drivers);
}

/** The upstream major version that apt would install, 0 when it knows none. @param {string} policy */
export function mesaCandidate(policy) {
  return Number(/Candidate: (?:\d+:)?(\d+)/.exec(policy)?.[1] ?? 0);
}

/**
 * The line for apt's sources that adds `<codename>-backports` from the mirror that the machine already uses.
 * @param {string} targets lines `createdBy|codename|component|uri`
 */
export function backportsSource(targets) {
  for (const line of targets.split("\n")) {
    const [createdBy, codename, component, uri] = line.split("|");
    if (createdBy !== "Packages" || component !== "main" || !/^[a-z]+$/.test(codename)) continue;
    const suite = `${codename}-backports`;
    return { suite, line: `deb ${uri} ${suite} main\n` };
  }
  return undefined;
}

const targets = () =>
  ask("apt-get", "indextargets", "--format", "$(CREATED_BY)|$(CODENAME)|$(COMPONENT)|$(REPO_URI)");

/** @param {string} program @param {string[]} args */
const ask = (program, ...args) => execFileSync(program, args, { encoding: "utf8" });

/** @param {string[]} args */
const install = (...args) => apt("install", "-y", "--no-install-recommends", ...args);

/** Prints apt's output on stderr. @param {string[]} args */
function apt(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  execFileSync("apt-get", ["-qq", ...args], { stdio: ["ignore", 2, 2], env });
}
