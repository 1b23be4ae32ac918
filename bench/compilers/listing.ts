// What a compiler made of a shader, whichever compiler: instructions by kind, and the loops that they are in.

/** `wait`: takes no time of its own. A dot multiplies four int8 of each lane, a matrix those of a subgroup. */
export type Kind = "dot" | "matrix" | "fma" | "vector" | "scalar" | "memory" | "wait";

export interface Instruction {
  readonly kind: Kind;
  /** Cycles in which its SIMD or EU issues nothing else of its kind. */
  readonly cycles: number;
  /** Multiply-adds of a lane except for those of dots: two in a dual-issued one, a lane's share in a matrix. */
  readonly macs?: number;
  /** Bytes that all lanes together move. */
  readonly local?: number;
  readonly global?: number;
  /** To or from memory because registers ran out. */
  readonly isSpill?: boolean;
}

export interface Counts {
  dot: number;
  matrix: number;
  /** For all lanes, except dots, matrices and multiply-adds of f32, which are counted separately. */
  vector: number;
  fma: number;
  scalar: number;
  memory: number;
  spill: number;
  /** Cycles of the instructions that work on all lanes. */
  vectorCycles: number;
  scalarCycles: number;
  /** Multiply-adds of a lane except for those of dots. */
  macs: number;
  localBytes: number;
  globalBytes: number;
}

/** A loop's own instructions, those of the loops in it left out. */
export interface Loop {
  readonly own: Counts;
  readonly inner: readonly Loop[];
}

/** A line of the listing: an instruction, or a place that jumps go to, or a jump. */
export interface Line {
  readonly instruction?: Instruction;
  readonly label?: string;
  readonly jump?: string;
}

export function noCounts(): Counts {
  return {
    ...{ dot: 0, matrix: 0, vector: 0, fma: 0, scalar: 0, memory: 0, spill: 0 },
    ...{ vectorCycles: 0, scalarCycles: 0, macs: 0, localBytes: 0, globalBytes: 0 },
  };
}

/** The program as one loop that runs once. A jump back to a label makes a loop of the lines in between. */
export function program(lines: readonly Line[]): Loop {
  const ends = loopEnds(lines);
  let at = 0;
  const read = (end: number): Loop => {
    const own = noCounts();
    const inner: Loop[] = [];
    while (at <= end) {
      const loopEnd = ends.get(at);
      if (loopEnd !== undefined) {
        ends.delete(at);
        inner.push(read(Math.min(loopEnd, end)));
        continue;
      }
      const { instruction } = lines[at++];
      if (instruction) count(own, instruction);
    }
    return { own, inner };
  };
  return read(lines.length - 1);
}

/** From the line of a label to that of the last jump back to it. */
function loopEnds(lines: readonly Line[]): Map<number, number> {
  const labels = new Map<string, number>();
  const ends = new Map<number, number>();
  for (const [i, { label, jump }] of lines.entries()) {
    if (label !== undefined) labels.set(label, i);
    const start = jump === undefined ? undefined : labels.get(jump);
    if (start !== undefined) ends.set(start, i);
  }
  return ends;
}

function count(
  counts: Counts,
  { kind, cycles, macs = 0, local = 0, global = 0, isSpill }: Instruction,
): void {
  if (kind === "wait") return;
  counts[kind]++;
  counts.macs += macs;
  counts.localBytes += local;
  counts.globalBytes += global;
  if (isSpill) counts.spill++;
  if (kind === "scalar") counts.scalarCycles += cycles;
  else if (kind !== "memory") counts.vectorCycles += cycles;
}

/** Every loop, those in others before them. */
const everyLoop = (loop: Loop): Loop[] => loop.inner.flatMap((inner) => [...everyLoop(inner), inner]);

/** f32 multiply-adds of a loop that is there to multiply, beside others with dots and without; GELU has 32. */
const MANY_MACS = 48;
const SOME_MACS = 16;

/** Loops that compute products, in the order of the program: of int8 by dots, or of at least so many floats. */
export function multiplyingLoops(whole: Loop, leastMacs = MANY_MACS): Loop[] {
  return everyLoop(whole).filter(
    ({ own: { dot, matrix, macs }, inner }) => dot + matrix > 0 || (macs >= leastMacs && inner.length === 0),
  );
}

/** The loops that take most of the time: those that multiply, or otherwise the innermost one with the most vector instructions. */
export function hotLoops(whole: Loop): Loop[] {
  for (const least of [MANY_MACS, SOME_MACS]) {
    const multiplying = multiplyingLoops(whole, least);
    if (multiplying.length > 0) return multiplying;
  }
  const innermost = everyLoop(whole).filter(({ inner }) => inner.length === 0);
  return [[...innermost].sort((a, b) => b.own.vector - a.own.vector)[0] ?? whole];
}

/** Of the instructions that a vector unit issues, those that multiply int8. */
export function dotShare({ dot, matrix, fma, vector, scalar }: Counts, hasScalarUnit: boolean): number {
  return (dot + matrix) / (dot + matrix + fma + vector + (hasScalarUnit ? 0 : scalar));
}
