/** Whatever the project installs has its reason in docs/dependencies.md, and nothing there is no longer installed. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const manifests = ["package.json", "docs/api/package.json"];

test("docs/dependencies.md names every dependency and nothing else", () => {
  const installed = manifests.flatMap((file) => {
    const { dependencies, peerDependencies, devDependencies } = JSON.parse(readFileSync(file, "utf8"));
    return Object.keys({ ...dependencies, ...peerDependencies, ...devDependencies });
  });
  const rows = [...readFileSync("docs/dependencies.md", "utf8").matchAll(/^\| (`[^|]*`) \|/gm)];
  const named = rows.flatMap(([, cell]) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
  expect(named.sort()).toEqual([...new Set(installed)].sort());
});

test("the package itself depends on nothing", () => {
  const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));
  expect(dependencies).toBeUndefined();
});

test("package-lock.json has the optional packages of every platform: npm ci refuses to install without", () => {
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
  const locked = new Set(Object.keys(packages).map((key) => key.replace(/^.*node_modules\//, "")));
  const missing = Object.values<{ optionalDependencies?: object }>(packages).flatMap(
    ({ optionalDependencies = {} }) => Object.keys(optionalDependencies).filter((name) => !locked.has(name)),
  );
  expect(missing).toEqual([]);
});

test.each(["build", "build:site"])("npm run %s, and so npm pack, works in a fresh clone", (name) => {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
  expect(scripts[`pre${name}`]).toBe("node scripts/install.mjs");
});
