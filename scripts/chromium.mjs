/** Where the system's Chromium is, and where the software Vulkan driver is that it carries. */
import { accessSync, constants, existsSync, realpathSync } from "node:fs";
import path from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const places = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe",
];

/** CHROME_PATH, else the first Chromium on PATH or in its usual place; undefined when there is none. */
export function findChromium() {
  if (process.env.CHROME_PATH) return process.env.CHROME_PATH;
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  const onPath = folders.flatMap((folder) => names.map((name) => path.join(folder, name)));
  return [...onPath, ...places].find(isProgram);
}

/** The Vulkan manifest of the SwiftShader beside a Chromium; undefined where it has none. @param {string} chromium */
export function findSwiftShader(chromium) {
  const folders = [path.dirname(realpathSync(chromium)), "/usr/lib/chromium", "/usr/lib/chromium-browser"];
  return folders
    .map((folder) => path.join(folder, "vk_swiftshader_icd.json"))
    .find((file) => existsSync(file));
}

/** @param {string} file */
function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
