/**
 * Writes ONNX models as bytes, without a dependency: the few messages of onnx.proto3 that a graph of named nodes needs
 * (github.com/onnx/onnx/blob/main/onnx/onnx.proto3; the numbers below are its field numbers). It knows the wire format
 * and nothing of shapes or operators; ONNX Runtime refuses a model that is wrong.
 */
export type ElementType = "float32" | "int64" | "bool";

/** An int, a list of ints, a string, or a float: `{ float: 1 }`, because ONNX types attributes and 1 is an int. */
export type AttributeValue = number | readonly number[] | string | { readonly float: number };
export type Attributes = Readonly<Record<string, AttributeValue>>;

export interface OnnxNode {
  readonly type: string;
  /** Empty for ONNX's own operators. */
  readonly domain: string;
  /** Names; an empty name is an optional input left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

export interface OnnxValue {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
}

export interface OnnxInitializer extends OnnxValue {
  readonly data: Float32Array | BigInt64Array;
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly initializers: readonly OnnxInitializer[];
}

const irVersion = 9;
const opset = 18;
const elementTypes: Readonly<Record<ElementType, number>> = { float32: 1, int64: 7, bool: 9 };
const attributeTypes = { float: 1, int: 2, string: 3, ints: 7 };

/** A protobuf message under construction: chunks in order, and their length. */
interface Message {
  readonly chunks: Uint8Array[];
  length: number;
}

const text = new TextEncoder();

function append(message: Message, bytes: Uint8Array): void {
  message.chunks.push(bytes);
  message.length += bytes.length;
}

/** Base-128 varint; negative numbers are written as 64-bit two's complement, as protobuf's int64 is. */
function varint(message: Message, value: number): void {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  append(message, Uint8Array.from(bytes));
}

function intField(message: Message, field: number, value: number): void {
  varint(message, field << 3);
  varint(message, value);
}

function floatField(message: Message, field: number, value: number): void {
  varint(message, (field << 3) | 5);
  append(message, new Uint8Array(Float32Array.of(value).buffer));
}

function bytesField(message: Message, field: number, bytes: Uint8Array): void {
  varint(message, (field << 3) | 2);
  varint(message, bytes.length);
  append(message, bytes);
}

const textField = (message: Message, field: number, value: string) =>
  bytesField(message, field, text.encode(value));

/** A nested message, filled by `fill`. */
function messageField(message: Message, field: number, fill: (inner: Message) => void): void {
  const inner: Message = { chunks: [], length: 0 };
  fill(inner);
  varint(message, (field << 3) | 2);
  varint(message, inner.length);
  for (const chunk of inner.chunks) append(message, chunk);
}

function attribute(message: Message, name: string, value: AttributeValue): void {
  textField(message, 1, name);
  if (typeof value === "number") {
    intField(message, 3, value);
    intField(message, 20, attributeTypes.int);
  } else if (typeof value === "string") {
    textField(message, 4, value);
    intField(message, 20, attributeTypes.string);
  } else if ("float" in value) {
    floatField(message, 2, value.float);
    intField(message, 20, attributeTypes.float);
  } else {
    for (const item of value) intField(message, 8, item);
    intField(message, 20, attributeTypes.ints);
  }
}

function node(message: Message, { type, domain, inputs, outputs, attributes }: OnnxNode): void {
  for (const name of inputs) textField(message, 1, name);
  for (const name of outputs) textField(message, 2, name);
  textField(message, 4, type);
  for (const [name, value] of Object.entries(attributes)) {
    messageField(message, 5, (inner) => attribute(inner, name, value));
  }
  if (domain !== "") textField(message, 7, domain);
}

function valueInfo(message: Message, { name, type, shape }: OnnxValue): void {
  textField(message, 1, name);
  messageField(message, 2, (typeProto) =>
    messageField(typeProto, 1, (tensorType) => {
      intField(tensorType, 1, elementTypes[type]);
      messageField(tensorType, 2, (shapeProto) => {
        for (const size of shape) messageField(shapeProto, 1, (dimension) => intField(dimension, 1, size));
      });
    }),
  );
}

function initializer(message: Message, { name, type, shape, data }: OnnxInitializer): void {
  for (const size of shape) intField(message, 1, size);
  intField(message, 2, elementTypes[type]);
  textField(message, 8, name);
  bytesField(message, 9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function concatenate({ chunks, length }: Message): Uint8Array {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** The bytes of a model with this graph: IR version 9, opset 18 and com.microsoft 1. */
export function encodeOnnx(graph: OnnxGraph): Uint8Array {
  const model: Message = { chunks: [], length: 0 };
  intField(model, 1, irVersion);
  messageField(model, 7, (body) => {
    for (const item of graph.nodes) messageField(body, 1, (inner) => node(inner, item));
    textField(body, 2, "ratchet");
    for (const item of graph.initializers) messageField(body, 5, (inner) => initializer(inner, item));
    for (const item of graph.inputs) messageField(body, 11, (inner) => valueInfo(inner, item));
    for (const item of graph.outputs) messageField(body, 12, (inner) => valueInfo(inner, item));
  });
  for (const [domain, version] of [["", opset] as const, ["com.microsoft", 1] as const]) {
    messageField(model, 8, (inner) => {
      textField(inner, 1, domain);
      intField(inner, 2, version);
    });
  }
  return concatenate(model);
}
