/**
 * What expressions of a tool's code may hold, as far as it matters to what the code may call: a member whose name only
 * running the code would tell may be a method, and of a function it may be the maker of functions. Arguments and table
 * are data, which hold no functions. Coarse where code is unusual, and then on the side of holding more.
 */
import type { AnyNode } from "acorn";
import { type Bindings, type FunctionNode, isFunctionNode, namesIn } from "./bindings.ts";
import type { Folding } from "./folding.ts";
import { createHeldValues, type Held, type HeldValues } from "./held-values.ts";
import { callers, methodNames, plainGlobals, plainResults } from "./method-names.ts";

export interface Code {
  readonly nodes: readonly AnyNode[];
  readonly bindings: Bindings;
  readonly folded: Folding;
}

/** What is called, with what: a call, `new`, or a template that has a tag. */
export interface Call {
  readonly node: AnyNode;
  readonly callee: AnyNode;
  readonly given: readonly AnyNode[];
}

export function callIn(node: AnyNode): Call | undefined {
  if (node.type === "CallExpression" || node.type === "NewExpression")
    return { node, callee: node.callee, given: node.arguments };
  if (node.type === "TaggedTemplateExpression")
    return { node, callee: node.tag, given: node.quasi.expressions };
  return undefined;
}

/** Undefined: a text, a number, a truth value, which hold nothing. */
export type Value = Held | undefined;

export interface Flow extends Code {
  readonly values: HeldValues;
  readonly names: Map<string, Held>;
  /** What an expression gives that is no name's. */
  readonly sites: Map<AnyNode, Held>;
  readonly functions: readonly FunctionNode[];
  /** Those that something in the code may call. */
  readonly callable: readonly FunctionNode[];
  readonly results: Map<FunctionNode, Held>;
  readonly thrown: Held;
  /** Where what may be the maker of functions was put into what may be everybody's, a prototype. */
  isSpoilt: boolean;
  /** `const { round } = Math` */
  readonly ofMath: ReadonlySet<string>;
}

export function createFlow(code: Code): Flow {
  const values = createHeldValues();
  const ofMath = code.nodes.flatMap((node) =>
    node.type === "VariableDeclarator" && node.init && isNamed(code, node.init, "Math")
      ? namesIn(node.id)
      : [],
  );
  const functions = code.nodes.filter(isFunctionNode);
  const [main] = functions;
  const mentions = code.nodes.filter((node) => node.type === "Identifier" && node.name === main?.id?.name);
  return {
    ...code,
    values,
    names: new Map(),
    sites: new Map(),
    functions,
    callable: mentions.length > 1 ? functions : functions.slice(1),
    results: new Map(),
    thrown: values.made(),
    isSpoilt: false,
    ofMath: new Set(ofMath.filter((name) => code.bindings.get(name)!.length === 1)),
  };
}

/** What is kept under a key, made where there is nothing yet. */
export function kept<K>(flow: Flow, map: Map<K, Held>, key: K): Held {
  const found = map.get(key) ?? flow.values.made();
  map.set(key, found);
  return found;
}

export const levelOf = ({ values }: Flow, value: Value) => (value ? values.classOf(value).self : 0);
export const namedOf = ({ values }: Flow, value: Value) => (value ? values.classOf(value).named : 0);
export const contentsOf = ({ values }: Flow, value: Value): Value => value && values.contents(value);

export function join({ values }: Flow, into: Held, others: readonly Value[]): void {
  for (const other of others) if (other) values.unite(into, other);
}

export const isGlobal = ({ bindings }: Pick<Code, "bindings">, node: AnyNode): boolean =>
  node.type === "Identifier" && node.name !== "arguments" && !bindings.has(node.name);

/** The functions that an expression stands for, where it can be read. */
export function functionsOf({ bindings }: Flow, node: AnyNode): readonly FunctionNode[] | undefined {
  if (isFunctionNode(node)) return [node];
  const given = node.type === "Identifier" ? bindings.get(node.name) : undefined;
  return given?.every((one) => one !== undefined && isFunctionNode(one))
    ? (given as readonly FunctionNode[])
    : undefined;
}

/** The key of a member or property, as far as it can be read. */
export const keyOf = ({ folded }: Flow, computed: boolean, key: AnyNode): string | undefined =>
  !computed && key.type === "Identifier" ? key.name : folded(key);

export function held(flow: Flow, node: AnyNode): Value {
  switch (node.type) {
    case "Identifier":
      return node.name === "undefined" ? undefined : heldByName(flow, node.name);
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return siteOf(flow, node, 1);
    case "MemberExpression": {
      const key = keyOf(flow, node.computed, node.property);
      return isArgument(node.object, key)
        ? argumentOf(flow, Number(key))
        : read(flow, node, held(flow, node.object), key);
    }
    case "ChainExpression":
    case "ParenthesizedExpression":
      return held(flow, node.expression);
    case "ConditionalExpression":
      return eitherOf(flow, node, [node.consequent, node.alternate]);
    case "LogicalExpression":
      return eitherOf(flow, node, [node.left, node.right]);
    case "AssignmentExpression":
      return node.operator === "=" || isLogical(node.operator)
        ? eitherOf(flow, node, [node.left, node.right])
        : undefined;
    case "SequenceExpression":
      return held(flow, node.expressions.at(-1)!);
    case "SpreadElement":
      return contentsOf(flow, held(flow, node.argument));
    case "CallExpression":
    case "NewExpression":
    case "TaggedTemplateExpression":
      return givesPlain(flow, callIn(node)!) ? undefined : siteOf(flow, node);
    case "ArrayExpression":
    case "ObjectExpression":
      return siteOf(flow, node);
    case "Literal":
    case "TemplateLiteral":
    case "UnaryExpression":
    case "UpdateExpression":
    case "BinaryExpression":
    case "ObjectPattern":
    case "ArrayPattern":
      return undefined;
    default:
      return flow.values.unknown;
  }
}

/** The arguments, and the table behind them. */
export const argumentOf = (flow: Flow, at: number): Held => kept(flow, flow.names, `arguments[${at}]`);
export const isArgument = (object: AnyNode, key: string | undefined): boolean =>
  object.type === "Identifier" && object.name === "arguments" && (key === "0" || key === "1");

export const isLogical = (operator: string) => ["&&=", "||=", "??="].includes(operator);

function siteOf(flow: Flow, node: AnyNode, level: 0 | 1 = 0): Held {
  const site = kept(flow, flow.sites, node);
  flow.values.raise(site, level);
  return site;
}

function heldByName(flow: Flow, name: string): Held {
  const own = kept(flow, flow.names, name);
  if (flow.bindings.has(name) || name === "arguments") return own;
  flow.values.raise(own, 1);
  flow.values.raise(flow.values.contents(own), 1);
  return own;
}

function eitherOf(flow: Flow, node: AnyNode, parts: readonly AnyNode[]): Value {
  const found = parts.flatMap((part) => held(flow, part) ?? []);
  if (found.length === 0) return undefined;
  const site = siteOf(flow, node);
  join(flow, site, found);
  return site;
}

/** A member of a value, read at `node`. */
function read(flow: Flow, node: AnyNode, object: Value, key: string | undefined): Value {
  const { raise } = flow.values;
  const inside = contentsOf(flow, object);
  if (key !== undefined && !methodNames.has(key)) {
    // What may itself be a built-in may have others for members.
    if (inside && levelOf(flow, object) > 0) raise(inside, 1);
    return inside;
  }
  if (key === undefined) {
    const found = inside ?? siteOf(flow, node);
    raise(found, levelOf(flow, object) > 0 ? 2 : 1);
    return found;
  }
  const site = siteOf(flow, node, 1);
  raise(site, callers.has(key) ? levelOf(flow, object) : 0);
  raise(site, namedOf(flow, object));
  if (namedOf(flow, object) > 0) join(flow, site, [inside]);
  return site;
}

/** What a call calls, and, where it is a known method that nothing else was stored under the name of, its name. */
export function calleeOf(flow: Flow, call: Call) {
  const callee = call.callee.type === "ChainExpression" ? call.callee.expression : call.callee;
  if (callee.type !== "MemberExpression") return { callee, object: undefined, method: undefined };
  const object = held(flow, callee.object);
  const key = keyOf(flow, callee.computed, callee.property);
  const isMethod = key !== undefined && methodNames.has(key) && namedOf(flow, object) === 0;
  return {
    callee,
    object: isGlobal(flow, callee.object) ? undefined : object,
    method: isMethod ? key : undefined,
  };
}

export const isNamed = (code: Pick<Code, "bindings">, node: AnyNode, name: string): boolean =>
  isGlobal(code, node) && (node as { name: string }).name === name;

/** Gives a number, a text or a truth value, in which nothing is found that could be called. */
export const isPlainFunction = (flow: Flow, callee: AnyNode): boolean =>
  callee.type === "MemberExpression"
    ? isNamed(flow, callee.object, "Math")
    : callee.type === "Identifier" &&
      (flow.ofMath.has(callee.name) || (isGlobal(flow, callee) && plainGlobals.has(callee.name)));

function givesPlain(flow: Flow, call: Call): boolean {
  const { callee, method } = calleeOf(flow, call);
  return isPlainFunction(flow, callee) || (method !== undefined && plainResults.has(method));
}

/** Gives a value to the names and members of a pattern. */
export function bind(flow: Flow, pattern: AnyNode, value: Value): void {
  switch (pattern.type) {
    case "Identifier":
      join(flow, kept(flow, flow.names, pattern.name), [value]);
      return;
    case "AssignmentPattern":
      bind(flow, pattern.left, value);
      return;
    case "RestElement":
      bind(flow, pattern.argument, value);
      return;
    case "ArrayPattern":
      for (const element of pattern.elements)
        if (element) bind(flow, element, element.type === "RestElement" ? value : contentsOf(flow, value));
      return;
    case "ObjectPattern":
      for (const property of pattern.properties)
        if (property.type === "RestElement") bind(flow, property, value);
        else {
          const key = keyOf(flow, property.computed, property.key);
          bind(flow, property.value, read(flow, property, value, key));
        }
      return;
    case "MemberExpression":
      put(flow, held(flow, pattern.object), keyOf(flow, pattern.computed, pattern.property), value);
  }
}

/** What is put into something that may be everybody's, a prototype, is found wherever it is looked for. */
export function put(flow: Flow, object: Value, key: string | undefined, value: Value): void {
  if (levelOf(flow, object) > 0 && levelOf(flow, value) === 2) flow.isSpoilt = true;
  hold(flow, object, key, value);
}

/** Under a method's name, or a name that nobody can read, it may be called as a method. */
export function hold(flow: Flow, object: Value, key: string | undefined, value: Value): void {
  if (!object || !value) return;
  flow.values.unite(flow.values.contents(object), value);
  if (key === undefined || methodNames.has(key)) flow.values.raise(object, 0, levelOf(flow, value));
}

/** Gives a value to a parameter; one that takes all others holds it. */
export function give(flow: Flow, parameter: AnyNode, value: Value): void {
  if (parameter.type !== "RestElement") {
    bind(flow, parameter, value);
    return;
  }
  const list = kept(flow, flow.sites, parameter);
  hold(flow, list, "0", value);
  bind(flow, parameter.argument, list);
}
