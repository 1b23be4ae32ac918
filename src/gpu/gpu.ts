// A WebGPU device with only the features that vit8 uses, counted buffers, and pipelines that are compiled once.

import { DeviceError, ShaderError, UnsupportedDeviceError, type Vit8Error } from "../errors/errors.ts";
import { within } from "../errors/until.ts";
import { type Bindings, type Capabilities, type Kernel, layoutEntries } from "./kernel.ts";
import type { remedyFor } from "./remedies.ts";

/** Features that some variant or the timer uses if available; none is required. */
const MATRICES = "chromium-experimental-subgroup-matrix" as GPUFeatureName;
const SUBGROUP_SIZE = "subgroup-size-control" as GPUFeatureName;
const USED_FEATURES: GPUFeatureName[] = [
  "subgroups",
  "shader-f16",
  "timestamp-query",
  SUBGROUP_SIZE,
  MATRICES,
];

/** The most that any variant binds if the adapter allows it; the default limit is eight. */
const MOST_STORAGE_BUFFERS = 13;

/** The GPU adapter, as WebGPU describes it. */
export interface AdapterFacts {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** Whether it is a software adapter, which is much slower than a GPU. */
  readonly isFallback: boolean;
}

/** A driver takes seconds to start; after this time without a response it counts as failed. */
const OPENING_LIMIT_MS = 15_000;
/** Limit of one response of a device: a software adapter on a busy machine compiles all shaders of a model in a fraction of it. */
const ANSWER_LIMIT_MS = 120_000;

/** Waits for a promise. `atLeastMs` is the time that it certainly takes, during which polling is not needed. */
export type Wait = <T>(promise: Promise<T>, atLeastMs?: number) => Promise<T>;

export interface OpenOptions {
  /** The source of adapters; default `navigator.gpu`. */
  readonly gpu?: GPU;
  /** How to wait for the GPU where waiting itself costs: Node's event loop spins meanwhile. Default: just wait. */
  readonly wait?: Wait;
  /** Features to do without, for tests of the paths that lack them. */
  readonly without?: readonly string[];
}

/** A device with its counted buffers and cached pipelines. */
export class Gpu {
  readonly device: GPUDevice;
  readonly adapter: AdapterFacts;
  readonly capabilities: Capabilities;
  /** Resolves when the device is lost, with the reason in words. */
  readonly lost: Promise<string>;
  readonly #wait: Wait;
  #bytes = 0;
  /** Errors of the device, in order. */
  readonly #errors: GPUError[] = [];
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  readonly #modules = new Map<string, GPUShaderModule>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();

  constructor(
    device: GPUDevice,
    adapter: AdapterFacts,
    capabilities: Capabilities,
    wait: Wait = (promise) => promise,
  ) {
    this.device = device;
    this.adapter = adapter;
    this.capabilities = capabilities;
    this.#wait = wait;
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      this.#errors.push(event.error);
    });
    this.lost = device.lost.then((info) => `${info.reason}: ${info.message}`, String);
  }

  /**
   * Waits for a result of the GPU.
   * @throws DeviceError if it fails, or takes longer than `limitMs`
   */
  wait<T>(promise: Promise<T>, atLeastMs?: number, limitMs = ANSWER_LIMIT_MS): Promise<T> {
    const answer = within(limitMs, promise).catch((cause) => {
      throw new DeviceError(`the GPU rejected a command (${cause.message}).`, { cause });
    });
    return this.#wait(answer, atLeastMs);
  }

  /** Bytes of every buffer and texture that is alive. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A zeroed storage buffer; `usage` is added to STORAGE | COPY_DST. Its size is rounded up to 4 bytes. */
  buffer(label: string, byteLength: number, usage: GPUBufferUsageFlags = 0): GPUBuffer {
    const size = Math.max(4, Math.ceil(byteLength / 4) * 4);
    const buffer = this.device.createBuffer({
      label,
      size,
      usage: usage | (usage & GPUBufferUsage.MAP_READ ? GPUBufferUsage.COPY_DST : DEFAULT_USAGE()),
    });
    this.#bytes += size;
    return buffer;
  }

  /** A buffer with `data` as its initial contents. */
  upload(label: string, data: ArrayBufferView, usage: GPUBufferUsageFlags = 0): GPUBuffer {
    const buffer = this.buffer(label, data.byteLength, usage);
    this.write(buffer, data);
    return buffer;
  }

  /** Queues a write of `data`, padded to 4 bytes, at `offset`. */
  write(buffer: GPUBuffer, data: ArrayBufferView, offset = 0): void {
    const { byteLength } = data;
    const whole = byteLength & ~3;
    if (whole > 0) this.device.queue.writeBuffer(buffer, offset, data.buffer, data.byteOffset, whole);
    if (whole === byteLength) return;
    const tail = new Uint8Array(4);
    tail.set(new Uint8Array(data.buffer, data.byteOffset + whole, byteLength - whole));
    this.device.queue.writeBuffer(buffer, offset + whole, tail);
  }

  /** A texture that images are written to. */
  texture(label: string, width: number, height: number, usage: GPUTextureUsageFlags): GPUTexture {
    const texture = this.device.createTexture({ label, size: [width, height], format: "rgba8unorm", usage });
    this.#bytes += width * height * 4;
    return texture;
  }

  /** Releases buffers and textures; undefined is allowed. */
  release(...resources: (GPUBuffer | GPUTexture | undefined)[]): void {
    for (const resource of resources) {
      if (!resource) continue;
      this.#bytes -= "size" in resource ? resource.size : resource.width * resource.height * 4;
      resource.destroy();
    }
  }

  /** The pipeline of one variant for one set of constants: compiled once, dropped again if it fails. */
  pipeline<P>(kernel: Kernel<Bindings, P>, variant: string, problem: P): Promise<GPUComputePipeline> {
    kernel.check(problem);
    const { wgsl, constants } = kernel.variants[variant];
    const values = constants?.(problem) ?? {};
    const key = `${kernel.name}/${variant} ${JSON.stringify(values)}`;
    let pipeline = this.#pipelines.get(key);
    if (!pipeline) {
      pipeline = this.#compile(key, wgsl, values, this.layout(kernel.bindings));
      this.#pipelines.set(key, pipeline);
      pipeline.catch(() => this.#pipelines.delete(key));
    }
    return pipeline;
  }

  /** Binds buffers and texture views by the kernel's names. */
  bind<B extends Bindings>(
    kernel: Kernel<B, never>,
    resources: { readonly [K in keyof B]: GPUBuffer | GPUTextureView | GPUBufferBinding },
    label = kernel.name,
  ): GPUBindGroup {
    const entries = Object.keys(kernel.bindings).map((name, binding) => {
      const resource = resources[name];
      return { binding, resource: resource instanceof GPUBuffer ? { buffer: resource } : resource };
    });
    return this.device.createBindGroup({ label, layout: this.layout(kernel.bindings), entries });
  }

  layout(bindings: Bindings): GPUBindGroupLayout {
    const label = Object.values(bindings).join(" ");
    const layout =
      this.#layouts.get(label) ??
      this.device.createBindGroupLayout({ label, entries: layoutEntries(bindings) });
    this.#layouts.set(label, layout);
    return layout;
  }

  /**
   * Runs `work`, then throws a DeviceError if the device rejected a command or ran out of memory meanwhile. Error scopes would be simpler,
   * but they form a stack, and two loads on one device interleave.
   */
  async guarded<T>(what: string, work: () => T | Promise<T>): Promise<T> {
    const before = this.#errors.length;
    const held = this.#bytes;
    const result = await work();
    // Errors arrive in order: once an empty scope is back, all of `work` have.
    this.device.pushErrorScope("internal");
    await this.wait(this.device.popErrorScope());
    const error = this.#errors[before];
    if (!error) return result;
    if (error instanceof GPUOutOfMemoryError)
      throw new DeviceError(
        `${what}: the GPU is out of memory for ${this.#bytes - held} bytes; vit8 already holds ${held}. Close other tabs, or use a smaller model or batch.`,
      );
    throw new DeviceError(`${what}: the GPU rejected a command (${error.message}).`);
  }

  destroy(): void {
    this.device.destroy();
    this.#bytes = 0;
  }

  async #compile(
    label: string,
    code: string,
    constants: Readonly<Record<string, number>>,
    layout: GPUBindGroupLayout,
  ): Promise<GPUComputePipeline> {
    const module = this.#modules.get(code) ?? this.device.createShaderModule({ label, code });
    this.#modules.set(code, module);
    try {
      const pipeline = this.device.createComputePipelineAsync({
        label,
        layout: this.device.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
        compute: { module, constants: constants as Record<string, number> },
      });
      return await within(ANSWER_LIMIT_MS, pipeline);
    } catch (error) {
      const text = await import("./complaints.ts")
        .then((it) => it.complaintsOf(module))
        .catch(() => undefined);
      throw new ShaderError(`${label}: failed to compile (${text || error}).`, code, { cause: error });
    }
  }
}

/** Read at call time: `GPUBufferUsage` does not exist where this module is only imported. */
const DEFAULT_USAGE = () => GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;

/**
 * Opens a device with only the features that vit8 uses, and default limits except for storage buffers.
 * @throws UnsupportedDeviceError with the browser, flag or driver that helps; its cause is the error of WebGPU
 */
export async function openGpu(options: OpenOptions = {}): Promise<Gpu> {
  const gpu = options.gpu ?? (await answerOf("navigator.gpu", async () => globalThis.navigator?.gpu));
  if (!gpu) throw await unusable("is not available in this browser");
  const adapter = await answerOf("requestAdapter()", () =>
    gpu.requestAdapter({ powerPreference: "high-performance" }),
  );
  if (!adapter) throw await unusable("offers no adapter");
  const without = new Set(options.without ?? []);
  const device = await answerOf("requestDevice()", () => requestDevice(adapter, without));
  try {
    const info = await infoOf(adapter);
    const facts = factsOf(adapter, info);
    return new Gpu(device, facts, await capabilitiesOf(device, info, facts, gpu, without), options.wait);
  } catch (cause) {
    device.destroy?.();
    throw await unusable("failed", "opening", cause);
  }
}

/** Waits for one step of opening a device. A device that opens after the limit is destroyed. */
async function answerOf<T extends object | null | undefined>(
  call: string,
  ask: () => Promise<T>,
): Promise<T> {
  const answer = (async () => ask())();
  try {
    return await within(OPENING_LIMIT_MS, answer);
  } catch (cause) {
    answer.then((late) => (late as GPUDevice).destroy()).catch(() => {});
    throw await unusable("failed", call, cause);
  }
}

/** With the remedy, where that part of vit8 can be had. */
async function unusable(
  what: Parameters<typeof remedyFor>[0],
  who?: string,
  cause?: unknown,
): Promise<Vit8Error> {
  const remedies = await import("./remedies.ts").catch(() => undefined);
  const why = who
    ? `: ${who} ${what}: ${String((cause as Error)?.message || cause).replace(/\.$/, "")}`
    : ` ${what}`;
  return new UnsupportedDeviceError(`WebGPU${why}.`, { cause, remedy: remedies?.remedyFor(what) });
}

async function requestDevice(adapter: GPUAdapter, without: ReadonlySet<string>): Promise<GPUDevice> {
  const offered = namesIn(adapter.features);
  const storageBuffers = adapter.limits?.maxStorageBuffersPerShaderStage;
  const device = await adapter.requestDevice({
    label: "vit8",
    requiredFeatures: USED_FEATURES.filter((name) => offered.has(name) && !without.has(name)),
    requiredLimits: storageBuffers
      ? { maxStorageBuffersPerShaderStage: Math.min(MOST_STORAGE_BUFFERS, storageBuffers) }
      : {},
  });
  if (!device) throw new Error("expected a device, got none");
  return device;
}

/** The adapter's description of itself; every field may be missing. */
type AdapterInfo = Partial<GPUAdapterInfo>;

/** Without the adapter's info, kernels do not use what depends on it. */
async function infoOf(adapter: GPUAdapter): Promise<AdapterInfo> {
  try {
    return adapter.info ?? (await (await import("./old-adapter.ts")).askInfo(adapter));
  } catch {
    return {};
  }
}

function factsOf(adapter: GPUAdapter, info: AdapterInfo): AdapterFacts {
  const { vendor = "", architecture = "", description = "" } = info;
  const { isFallbackAdapter } = adapter as { isFallbackAdapter?: boolean };
  const isFallback =
    Boolean(info.isFallbackAdapter ?? isFallbackAdapter) ||
    /swiftshader|llvmpipe|lavapipe|software|basic render/i.test(`${architecture} ${description}`);
  return { vendor, architecture, description, isFallback };
}

async function capabilitiesOf(
  device: GPUDevice,
  info: AdapterInfo,
  { vendor, isFallback }: AdapterFacts,
  gpu: GPU,
  without: ReadonlySet<string>,
): Promise<Capabilities> {
  const { subgroupMinSize, subgroupMaxSize } = info;
  const features = namesIn(device.features);
  const fixed = features.has("subgroups") && subgroupMinSize === subgroupMaxSize;
  return {
    vendor,
    software: isFallback,
    features,
    language: new Set([...namesIn(gpu.wgslLanguageFeatures)].filter((name) => !without.has(name))),
    subgroupSize: fixed ? subgroupMinSize : undefined,
    int8Matrices: await (features.has(MATRICES) && features.has(SUBGROUP_SIZE)
      ? import("./matrix-shapes.ts")
          .then(({ int8Matrices }) => int8Matrices(info))
          .catch(() => new Set<string>())
      : new Set<string>()),
    limits: device.limits,
  };
}

/** Names from a set, or what an incomplete WebGPU has in its place: none then. */
function namesIn(names: unknown): ReadonlySet<string> {
  return new Set<string>(Symbol.iterator in Object(names) ? (names as Iterable<string>) : []);
}
