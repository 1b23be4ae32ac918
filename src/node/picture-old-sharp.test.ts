// The oldest sharp that package.json allows reads pictures as the newest does.

import { vi } from "vitest";

vi.mock("sharp", () => import("sharp-0.33"));
await import("./picture.test.ts");
