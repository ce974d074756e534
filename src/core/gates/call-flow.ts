/** What statements and calls of a tool's code hand on, read again and again until nothing more is learnt. */
import type { AnyNode, ObjectExpression } from "acorn";
import { type FunctionNode, isFunctionNode } from "./bindings.ts";
import type { Held } from "./held-values.ts";
import { nodesOf } from "./javascript-syntax.ts";
import { listedFunctions } from "./listed-functions.ts";
import { learnMethod } from "./method-flow.ts";
import { callers } from "./method-names.ts";
import {
  argumentOf,
  bind,
  type Call,
  type Code,
  calleeOf,
  callIn,
  contentsOf,
  createFlow,
  type Flow,
  functionsOf,
  give,
  held,
  hold,
  isArgument,
  isGlobal,
  isLogical,
  isNamed,
  isPlainFunction,
  join,
  kept,
  keyOf,
  levelOf,
  namedOf,
  type Value,
} from "./value-flow.ts";

/** Once everything is learnt that there is to learn. */
export function settledFlow(code: Code): Flow {
  const flow = createFlow(code);
  const returned = returnedIn(flow);
  learnArguments(flow);
  do {
    for (const node of code.nodes) learn(flow, node);
    for (const [own, given] of returned)
      join(
        flow,
        kept(flow, flow.results, own),
        given.map((one) => held(flow, one)),
      );
  } while (flow.values.changed());
  return flow;
}

function learnArguments(flow: Flow): void {
  const { nodes, functions, values } = flow;
  const [main] = functions;
  for (const [i, parameter] of (main?.params ?? []).entries()) bind(flow, parameter, argumentOf(flow, i));
  const mentioned = nodes.filter((node) => node.type === "Identifier" && node.name === "arguments").length;
  const asked = nodes.filter(
    (node) =>
      node.type === "MemberExpression" && isArgument(node.object, keyOf(flow, node.computed, node.property)),
  ).length;
  const all = kept(flow, flow.names, "arguments");
  if (mentioned > asked) join(flow, values.contents(all), [argumentOf(flow, 0), argumentOf(flow, 1)]);
  if (functions.some((one) => one !== main && readsArguments(one))) {
    join(flow, all, [values.unknown]);
    join(flow, values.unknown, [argumentOf(flow, 0), argumentOf(flow, 1)]);
  }
}

/** Of a function that has arguments of its own. */
const readsArguments = (own: FunctionNode): boolean =>
  own.type !== "ArrowFunctionExpression" &&
  [...nodesOf(own)].some((node) => node.type === "Identifier" && node.name === "arguments");

/** What each function returns. */
function returnedIn({ functions, nodes }: Flow): ReadonlyMap<FunctionNode, readonly AnyNode[]> {
  const found = new Map<FunctionNode, AnyNode[]>(
    functions.map((own) => [own, own.body.type === "BlockStatement" ? [] : [own.body]]),
  );
  for (const node of nodes) {
    if (node.type !== "ReturnStatement" || !node.argument) continue;
    // The innermost comes last.
    const own = functions.findLast(({ start, end }) => start <= node.start && node.end <= end);
    if (own) found.get(own)!.push(node.argument);
  }
  return found;
}

function learn(flow: Flow, node: AnyNode): void {
  switch (node.type) {
    case "VariableDeclarator":
      if (node.init) bind(flow, node.id, held(flow, node.init));
      return;
    case "AssignmentExpression":
      if (node.operator === "=" || isLogical(node.operator)) bind(flow, node.left, held(flow, node.right));
      return;
    case "AssignmentPattern":
      bind(flow, node.left, held(flow, node.right));
      return;
    case "ForOfStatement": {
      const { left, right } = node;
      const target = left.type === "VariableDeclaration" ? left.declarations[0]!.id : left;
      bind(flow, target, contentsOf(flow, held(flow, right)));
      return;
    }
    case "ThrowStatement":
      join(flow, flow.thrown, [held(flow, node.argument)]);
      return;
    case "CatchClause":
      if (node.param) bind(flow, node.param, flow.thrown);
      return;
    case "ArrayExpression":
      for (const element of node.elements)
        if (element) hold(flow, held(flow, node), "0", held(flow, element));
      return;
    case "ObjectExpression":
      learnObject(flow, node, held(flow, node)!);
      return;
    default: {
      if (isFunctionNode(node)) learnFunction(flow, node);
      const call = callIn(node);
      if (call) learnCall(flow, call);
    }
  }
}

function learnFunction(flow: Flow, own: FunctionNode): void {
  if (own.type !== "ArrowFunctionExpression" && own.id)
    flow.values.raise(kept(flow, flow.names, own.id.name), 1);
  // Their results are made into others that wait, or come one by one.
  if (own.generator || own.async) join(flow, kept(flow, flow.results, own), [flow.values.unknown]);
}

function learnObject(flow: Flow, node: ObjectExpression, site: Held): void {
  for (const property of node.properties) {
    if (property.type === "SpreadElement") {
      const spread = held(flow, property.argument);
      join(flow, flow.values.contents(site), [contentsOf(flow, spread)]);
      flow.values.raise(site, 0, namedOf(flow, spread));
      continue;
    }
    const isPlain = property.kind === "init";
    const value = isPlain ? held(flow, property.value) : flow.values.unknown;
    hold(flow, site, keyOf(flow, property.computed, property.key), value);
    if (!isPlain && isFunctionNode(property.value))
      for (const parameter of property.value.params) give(flow, parameter, flow.values.unknown);
  }
}

function learnCall(flow: Flow, call: Call): void {
  const { callee, object, method } = calleeOf(flow, call);
  const { given } = call;
  const site = kept(flow, flow.sites, call.node);
  const passed = given.map((one) => held(flow, one));
  const own = functionsOf(flow, callee);
  const listed = own ? undefined : listedFunctions(flow, callee);
  if (own) learnOwn(flow, site, own, given);
  else if (listed) {
    // Under other names than its own it has what every object has, which may make a function a member.
    flow.values.raise(site, 1);
    learnOwn(flow, site, listed, given);
    if (passed.some((value) => levelOf(flow, value) > 0))
      for (const made of flow.callable) hold(flow, object, undefined, kept(flow, flow.results, made));
  } else if (isPlainFunction(flow, callee)) return;
  else if (method !== undefined && !callers.has(method))
    learnMethod(flow, { site, callee, object, method, given, passed });
  else if (isGlobal(flow, callee)) {
    const { contents } = flow.values;
    join(flow, site, passed);
    if (isNamed(flow, callee, "Array")) join(flow, contents(site), passed);
    // What holds pairs gives them back as pairs, as members, and as members of members.
    if (isNamed(flow, callee, "Map")) join(flow, contents(site), [contents(contents(site))]);
  } else mingle(flow, site, [object, ...passed]);
}

function learnOwn(flow: Flow, site: Held, own: readonly FunctionNode[], given: readonly AnyNode[]): void {
  const passed = given.map((one) => held(flow, one));
  const isSpread = given.some(({ type }) => type === "SpreadElement");
  for (const { params } of own)
    for (const [i, parameter] of params.entries()) {
      const end = parameter.type === "RestElement" ? passed.length : i + 1;
      for (const value of isSpread ? passed : passed.slice(i, end)) give(flow, parameter, value);
    }
  join(
    flow,
    site,
    own.map((one) => kept(flow, flow.results, one)),
  );
}

/** Whatever is called may hand any of these to any function, keep it under any name and give it back. */
function mingle(flow: Flow, site: Held, values: readonly Value[]): void {
  flow.values.raise(site, 1);
  join(flow, site, [...values, ...values.map((value) => contentsOf(flow, value))]);
  join(
    flow,
    site,
    flow.callable.map((own) => kept(flow, flow.results, own)),
  );
  flow.values.raise(site, 0, levelOf(flow, site));
  if (levelOf(flow, site) === 2) flow.isSpoilt = true;
  for (const { params } of flow.callable) for (const parameter of params) give(flow, parameter, site);
}
