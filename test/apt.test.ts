/** The one part of set-up whose branches no single machine has: which Mesa apt would install, and from where. */
import { expect, test } from "vitest";
import { backportsSource, mesaCandidate } from "../scripts/apt.mjs";

test.each([
  ["  Candidate: 22.3.6-1+deb12u1", 22],
  ["  Candidate: 25.0.7-2~bpo12+1", 25],
  ["  Candidate: 1:24.2.8-1ubuntu1~24.04.1", 24],
  ["  Candidate: (none)", 0],
  ["", 0],
])("apt's %j is Mesa %d", (policy, major) => expect(mesaCandidate(policy)).toBe(major));

test("backports come from the mirror that the machine already uses", () => {
  const targets = [
    "Sources|bookworm|main|http://mirror.example/debian/",
    "Packages|bookworm-security|main|http://mirror.example/security/",
    "Packages|bookworm-updates|main|http://mirror.example/updates/",
    "Packages|bookworm|contrib|http://mirror.example/contrib/",
    "Packages|bookworm|main|http://mirror.example/debian/",
  ].join("\n");
  expect(backportsSource(targets)).toEqual({
    suite: "bookworm-backports",
    line: "deb http://mirror.example/debian/ bookworm-backports main\n",
  });
});

test("a machine without such a source gets none", () => expect(backportsSource("")).toBeUndefined());
