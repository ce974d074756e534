/**
 * Builds an ONNX graph node by node, every shape known. A tensor is a name with a shape; what is computed from what is
 * kept in `calls`, which is all that autodiff reads. Nodes that no output needs are left out of the bytes.
 */
import {
  type Attributes,
  type ElementType,
  encodeOnnx,
  type OnnxInitializer,
  type OnnxNode,
} from "./onnx.ts";

export interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: ElementType;
}

/** One application of an operation: a raw ONNX node, or one of `ops/` with whatever nodes it emitted. */
export interface Call {
  readonly operation: string;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly attributes: object;
  /** Intermediate tensors that the operation's rule wants again. */
  readonly saved: Readonly<Record<string, Tensor>>;
}

export interface OutputSpec {
  readonly shape: readonly number[];
  /** float32 where left out. */
  readonly type?: ElementType;
}

export interface Graph {
  readonly calls: Call[];
  /** A value fed at run time under this name. */
  input(name: string, shape: readonly number[], type?: ElementType): Tensor;
  /** A value inside the model. Equal constants of up to 16 elements are stored once. */
  constant(data: Float32Array | BigInt64Array, shape: readonly number[]): Tensor;
  /** One ONNX node with one output. Operators of another domain are written `com.microsoft.Name`. */
  op(type: string, inputs: readonly (Tensor | null)[], output: OutputSpec, attributes?: Attributes): Tensor;
  /** One ONNX node with several outputs. */
  opWithOutputs(
    type: string,
    inputs: readonly (Tensor | null)[],
    outputs: readonly OutputSpec[],
    attributes?: Attributes,
  ): Tensor[];
  /** Makes a tensor come from outside under this name; what computes it is then left out, unless something else needs it. */
  feed(name: string, tensor: Tensor): void;
  /** Makes a tensor a result of the graph under this name. */
  output(name: string, tensor: Tensor): void;
  /** The model's bytes. The graph may be extended and encoded again. */
  encode(): Uint8Array;
}

const smallConstant = 16;

export function createGraph(): Graph {
  const calls: Call[] = [];
  const nodes: OnnxNode[] = [];
  const inputs: Tensor[] = [];
  const outputs: { name: string; tensor: Tensor }[] = [];
  const fed: { name: string; tensor: Tensor }[] = [];
  const initializers: OnnxInitializer[] = [];
  const constants = new Map<string, Tensor>();
  let count = 0;

  const opWithOutputs: Graph["opWithOutputs"] = (type, operands, specs, attributes = {}) => {
    const results = specs.map(({ shape, type: elementType }) => ({
      name: `t${count++}`,
      shape,
      type: elementType ?? ("float32" as const),
    }));
    const dot = type.lastIndexOf(".");
    nodes.push({
      type: type.slice(dot + 1),
      domain: type.slice(0, Math.max(dot, 0)),
      inputs: operands.map((operand) => operand?.name ?? ""),
      outputs: results.map(({ name }) => name),
      attributes,
    });
    const present = operands.filter((operand) => operand !== null);
    calls.push({ operation: type, inputs: present, outputs: results, attributes, saved: {} });
    return results;
  };

  return {
    calls,
    input: (name, shape, type = "float32") => {
      const tensor: Tensor = { name: `in:${name}`, shape, type };
      inputs.push(tensor);
      return tensor;
    },
    constant: (data, shape) => {
      const key = data.length <= smallConstant ? `${data.constructor.name}[${shape}]${[...data]}` : undefined;
      const known = key === undefined ? undefined : constants.get(key);
      if (known !== undefined) return known;
      const type = data instanceof Float32Array ? "float32" : "int64";
      const tensor: Tensor = { name: `c${count++}`, shape, type };
      initializers.push({ ...tensor, data });
      if (key !== undefined) constants.set(key, tensor);
      return tensor;
    },
    op: (type, operands, output, attributes) => opWithOutputs(type, operands, [output], attributes)[0]!,
    opWithOutputs,
    feed: (name, tensor) => void fed.push({ name, tensor }),
    output: (name, tensor) => {
      const taken = [...inputs.map((input) => input.name.slice("in:".length)), ...outputs.map((o) => o.name)];
      if (taken.includes(name))
        throw new Error(`output '${name}': the graph has an input or output of that name`);
      outputs.push({ name, tensor });
    },
    encode: () => encodeOnnx(publicGraph({ nodes, inputs, fed, outputs, initializers })),
  };
}

interface Draft {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly Tensor[];
  readonly fed: readonly { name: string; tensor: Tensor }[];
  readonly outputs: readonly { name: string; tensor: Tensor }[];
  readonly initializers: readonly OnnxInitializer[];
}

/** The draft with its dead nodes removed and the public names of inputs and outputs put on. */
function publicGraph({ nodes, inputs, fed, outputs, initializers }: Draft) {
  const outside = new Set(fed.map(({ tensor }) => tensor.name));
  const live = new Set(outputs.map(({ tensor }) => tensor.name));
  const kept: OnnxNode[] = [];
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some((name) => live.has(name) && !outside.has(name))) continue;
    kept.push(node);
    for (const name of node.inputs) live.add(name);
  }
  kept.reverse();
  // A node's result takes its public name directly; only an input passed through, or a tensor given two names, costs
  // a copy.
  const names = new Map(inputs.map(({ name }) => [name, name.slice("in:".length)]));
  for (const { name, tensor } of fed) names.set(tensor.name, name);
  const produced = new Set(kept.flatMap((node) => node.outputs));
  const copies: OnnxNode[] = [];
  for (const { name, tensor } of outputs) {
    if (produced.has(tensor.name) && !names.has(tensor.name)) names.set(tensor.name, name);
    else
      copies.push({ type: "Identity", domain: "", inputs: [tensor.name], outputs: [name], attributes: {} });
  }
  const rename = (name: string) => names.get(name) ?? name;
  return {
    nodes: [...kept, ...copies].map((node) => ({
      ...node,
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
    })),
    inputs: [...inputs, ...fed.map(({ tensor }) => tensor)]
      .filter(({ name }) => live.has(name))
      .map((input) => ({ ...input, name: rename(input.name) })),
    outputs: outputs.map(({ name, tensor }) => ({ ...tensor, name })),
    initializers: initializers.filter(({ name }) => live.has(name)),
  };
}
