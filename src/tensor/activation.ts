// The activation functions, one entry each: everything that computes, exports or reads one looks it up here.

/** Nodes of a graph under construction, such as ONNX: `apply` names a node after its operation, `node` takes a name. */
export interface Nodes<T> {
  readonly apply: (op: string, ...inputs: T[]) => T;
  readonly node: (op: string, as: string, ...inputs: T[]) => T;
  readonly scalar: (value: number) => T;
}

interface ActivationEntry {
  /** Its number in shaders/lib/activations.wgsl and assembly/activation.ts, and up to 3 in the epilogues of products. */
  readonly code: number;
  /** In f64. */
  readonly of: (x: number) => number;
  /** The nodes that exporters write for it. */
  readonly onnx: <T>(x: T, nodes: Nodes<T>) => T;
  /** The names in transformers' `hidden_act` and timm's `act_layer`. */
  readonly transformers: readonly string[];
  readonly timm: string;
}

export type Activation = EpilogueActivation | "silu" | "relu" | "tanh";
/** The activations that a product's epilogue computes; the others are separate passes. */
export type EpilogueActivation = "gelu" | "gelu_tanh" | "quick_gelu";

export const ACTIVATIONS: Readonly<Record<Activation, ActivationEntry>> = {
  gelu: {
    code: 1,
    of: (x) => 0.5 * x * (1 + approximateErf(x * Math.SQRT1_2)),
    onnx: (x, { apply, node, scalar }) => {
      const half = apply("Erf", apply("Div", x, scalar(Math.SQRT2)));
      return apply("Mul", node("Mul", "Product", x, apply("Add", half, scalar(1))), scalar(0.5));
    },
    transformers: ["gelu", "gelu_python"],
    timm: "gelu",
  },
  gelu_tanh: {
    code: 2,
    of: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
    onnx: (x, { apply, node, scalar }) => {
      const cubed = node("Mul", "Cubic", apply("Pow", x, scalar(3)), scalar(0.044715));
      const scaled = node("Mul", "Scale", node("Add", "Sum", x, cubed), scalar(Math.sqrt(2 / Math.PI)));
      const factor = apply("Add", apply("Tanh", scaled), scalar(1));
      return apply("Mul", node("Mul", "Product", x, factor), scalar(0.5));
    },
    transformers: [
      ...["gelu_new", "gelu_fast", "gelu_tanh", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_accurate"],
    ],
    timm: "gelu_tanh",
  },
  quick_gelu: {
    code: 3,
    of: (x) => x / (1 + Math.exp(-1.702 * x)),
    onnx: (x, { apply, node, scalar }) =>
      apply("Mul", x, apply("Sigmoid", node("Mul", "Slope", x, scalar(1.702)))),
    transformers: ["quick_gelu"],
    timm: "quick_gelu",
  },
  silu: {
    code: 4,
    of: (x) => x / (1 + Math.exp(-x)),
    onnx: (x, { apply }) => apply("Mul", x, apply("Sigmoid", x)),
    transformers: ["silu", "swish"],
    timm: "silu",
  },
  relu: {
    code: 5,
    of: (x) => Math.max(x, 0),
    onnx: (x, { apply }) => apply("Relu", x),
    transformers: ["relu"],
    timm: "relu",
  },
  tanh: {
    code: 6,
    of: Math.tanh,
    onnx: (x, { apply }) => apply("Tanh", x),
    transformers: ["tanh"],
    timm: "tanh",
  },
};

export function isOfEpilogue(activation: Activation): activation is EpilogueActivation {
  return ACTIVATIONS[activation].code < ACTIVATIONS.silu.code;
}

/** The number of an activation in shaders; 0: none. */
export const activationCode = (activation?: Activation) => (activation ? ACTIVATIONS[activation].code : 0);

/** Abramowitz and Stegun, "Handbook of Mathematical Functions", 7.1.26: off by 1.5e-7 at most. */
function approximateErf(x: number): number {
  const z = Math.abs(x);
  const t = 1 / (1 + 0.3275911 * z);
  const p = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - p * Math.exp(-z * z));
}
