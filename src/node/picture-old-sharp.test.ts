// sharp 0.33, the oldest that package.json allows, reads images as the newest does.

import { test, vi } from "vitest";
import { accepted } from "../testing/accepted.ts";

vi.mock("sharp", () => import("sharp-0.33"));
await import("./picture.test.ts");

test(
  accepted(
    "Node",
    "sharp 0.33 and newer: every image test runs with the oldest and the newest",
    "sharp 0.33.5 and 0.35.5",
  ),
  async ({ expect }) => {
    const { default: sharp } = await import("sharp");
    expect(sharp.versions.sharp).toBe("0.33.5");
  },
);
