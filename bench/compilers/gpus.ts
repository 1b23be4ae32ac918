// The GPUs whose compilers are used, and the cards for which times are predicted.

export type Driver = "amd" | "intel";

export interface TargetGpu {
  readonly name: string;
  readonly driver: Driver;
  readonly title: string;
  /** Lanes of a vector instruction that one SIMD or EU issues a cycle. */
  readonly lanes: number;
  /** Bytes of a register, by which Intel's drivers count what a message moves; 0 where they do not. */
  readonly registerBytes: number;
}

/** By the name that the driver knows each one by. */
export const GPUS: readonly TargetGpu[] = [
  { name: "navi21", driver: "amd", title: "RDNA2 (RX 6800)", lanes: 32, registerBytes: 0 },
  { name: "navi31", driver: "amd", title: "RDNA3 (RX 7900)", lanes: 32, registerBytes: 0 },
  { name: "gfx1201", driver: "amd", title: "RDNA4 (RX 9070)", lanes: 32, registerBytes: 0 },
  { name: "vega20", driver: "amd", title: "GCN5 (Radeon VII)", lanes: 16, registerBytes: 0 },
  { name: "tgl", driver: "intel", title: "Iris Xe", lanes: 8, registerBytes: 32 },
  { name: "dg2", driver: "intel", title: "Arc A", lanes: 8, registerBytes: 32 },
  { name: "mtl", driver: "intel", title: "Meteor Lake", lanes: 8, registerBytes: 32 },
  { name: "lnl", driver: "intel", title: "Lunar Lake (Xe2)", lanes: 16, registerBytes: 64 },
];

/** A product, from its data sheet: the clock is the sustained one, not the peak. */
export interface Card {
  readonly name: string;
  readonly gpu: string;
  /** Compute units of AMD, subslices (Xe cores) of Intel: a workgroup runs on one. */
  readonly cores: number;
  /** SIMDs or EUs of a core. */
  readonly simds: number;
  readonly ghz: number;
  /** Of its memory. */
  readonly gbs: number;
  /** Bytes a cycle that a core reads from workgroup memory, and through its cache. */
  readonly localBytes: number;
  readonly cacheBytes: number;
}

const AMD_CORE = { simds: 2, localBytes: 128, cacheBytes: 64 };
const INTEL_CORE = { simds: 16, localBytes: 128, cacheBytes: 64 };

export const CARDS: readonly Card[] = [
  { name: "Iris Xe 96 EU", gpu: "tgl", cores: 6, ghz: 1.3, gbs: 68, ...INTEL_CORE },
  { name: "Arc A770", gpu: "dg2", cores: 32, ghz: 2.1, gbs: 560, ...INTEL_CORE },
  { name: "RX 6800", gpu: "navi21", cores: 60, ghz: 1.815, gbs: 512, ...AMD_CORE },
  { name: "RX 7900 XTX", gpu: "navi31", cores: 96, ghz: 2.3, gbs: 960, ...AMD_CORE },
];
