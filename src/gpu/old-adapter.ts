// The info of an adapter without `info`: Chrome 113 to 126 have a method instead.

import { within } from "../errors/until.ts";

const LIMIT_MS = 15_000;

export async function askInfo(adapter: GPUAdapter): Promise<Partial<GPUAdapterInfo>> {
  const { requestAdapterInfo } = adapter as { requestAdapterInfo?: () => Promise<GPUAdapterInfo> };
  if (!requestAdapterInfo) return {};
  return (await within(LIMIT_MS, requestAdapterInfo.call(adapter))) ?? {};
}
