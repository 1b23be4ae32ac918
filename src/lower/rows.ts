// Operations that go row by row or value by value, as steps on f32: the same in every arithmetic.

import { activate } from "../kernels/activate.ts";
import { type CombineProblem, combine } from "../kernels/combine.ts";
import { concatColumns } from "../kernels/concat-columns.ts";
import { gatherRows } from "../kernels/gather-rows.ts";
import { meanRows } from "../kernels/mean-rows.ts";
import type {
  Add,
  AddTable,
  FusedOp,
  Gate,
  Heads,
  Interpreter,
  Norm,
  PlainOp,
  Value,
} from "../network/op.ts";
import { step } from "../scheduler/step.ts";
import type { Steps } from "./lowering.ts";
import { columnsOf, isApart } from "./padding.ts";

/** The name of a value in f32. */
type AsFloat = (value: Value, steps: Steps) => string;

/** @param float returns the name of an operation's input */
export function rowsLowering(
  float: AsFloat,
): Interpreter<Exclude<FusedOp, PlainOp | Heads>, [steps: Steps], void> {
  /** Of x and `y`, which has `yRows` rows for each image. */
  function combined(
    { name, reads: [x], out }: Gate | Add | AddTable,
    steps: Steps,
    by: CombineProblem["by"],
    yRows: number,
    y: string,
  ): void {
    const problem = { ...pictures(out, steps), xRows: x.rows, yRows, by };
    const buffers = { x: float(x, steps), y, out: steps.tensor(out, "f32") };
    steps.add(step(name, "combine", combine, problem, buffers));
  }
  return {
    gather: ({ name, reads: [x], out, pieces }, steps) => {
      const problem = { ...pictures(out, steps), pieces, width: pieceOf(out, pieces), ...sourceOf(x) };
      const buffers = { x: float(x, steps), index: `${name}.index`, out: steps.tensor(out, "f32") };
      steps.add(step(name, "gather", gatherRows, problem, buffers));
    },
    lookup: ({ out }, steps) => {
      steps.tensor(out, "f32");
    },
    learnt: ({ name, learnt, out }, steps) => {
      const columns = columnsOf(out);
      const problem = { ...pictures(out, steps), pieces: 1, width: columns, xRows: 0, xColumns: columns };
      const buffers = { x: `${learnt.name}.rows`, index: `${name}.index`, out: steps.tensor(out, "f32") };
      steps.add(step(name, "gather", gatherRows, problem, buffers));
    },
    pool: ({ name, reads: [x], out, first, count }, steps) => {
      const problem = { images: steps.images, columns: columnsOf(out), xRows: x.rows, first, count };
      const buffers = { x: float(x, steps), out: steps.tensor(out, "f32") };
      steps.add(step(name, "mean", meanRows, problem, buffers));
    },
    concat: ({ name, reads: [x, y], out }, steps) => {
      const side = ({ rows, width, ...value }: Value) => ({
        rows,
        width,
        columns: columnsOf({ ...value, width }),
      });
      const problem = { ...pictures(out, steps), x: side(x), y: side(y) };
      const buffers = { x: float(x, steps), y: float(y, steps), out: steps.tensor(out, "f32") };
      steps.add(step(name, "concat", concatColumns, problem, buffers));
    },
    gate: (op, steps) => combined(op, steps, op.activation, op.reads[1].rows, float(op.reads[1], steps)),
    add: (op, steps) => combined(op, steps, "sum", op.reads[1].rows, float(op.reads[1], steps)),
    table: (op, steps) => combined(op, steps, "sum", 0, `${op.table}.rows`),
    activation: ({ name, reads: [x], out, activation }, steps) => {
      const problem = { rows: steps.images * out.rows, columns: columnsOf(out), activation };
      const values = float(x, steps);
      const buffers = { x: values, out: steps.tensor(out, "f32") };
      steps.add(step(name, "activation", activate, problem, buffers));
    },
  };
}

/** The input of a norm as one row: for heads that are separate in memory, a copy side by side. */
export function joined({ name, reads: [x] }: Norm, read: string, steps: Steps): Value {
  const whole = { ...x, name: read, parts: 1 };
  if (!isApart(x)) return whole;
  const { rows, width, parts } = x;
  const out = { ...whole, name: `${name}.x` };
  const piece = { pieces: parts, width: width / parts, xRows: parts, xColumns: columnsOf(x) / parts };
  const problem = { images: steps.images * rows, rows: 1, columns: columnsOf(out), ...piece };
  const buffers = { x: read, index: `${name}.index`, out: steps.tensor(out, "f32") };
  steps.add(step(`${name}.joined`, "gather", gatherRows, problem, buffers));
  return out;
}

const pictures = (out: Value, { images }: Steps) => ({ images, rows: out.rows, columns: columnsOf(out) });
const sourceOf = (x: Value) => ({ xRows: x.rows, xColumns: columnsOf(x) });

/** Columns of a piece: of one alone the padded ones too. */
const pieceOf = (out: Value, pieces: number) => (pieces === 1 ? columnsOf(out) : out.width / pieces);
