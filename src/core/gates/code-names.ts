/**
 * What code names: globals, by their scopes, and members through which it would get hold of what it may not name.
 */
import type { AnyNode, Identifier, NewExpression, Program } from "acorn";
import type { Folding } from "./folding.ts";
import type { Scopes } from "./scopes.ts";

export const allowedGlobals: ReadonlySet<string> = new Set([
  "arguments",
  "undefined",
  "Array",
  "Boolean",
  "Date",
  "Error",
  "Infinity",
  "JSON",
  "Map",
  "Math",
  "NaN",
  "Number",
  "Object",
  "RangeError",
  "Set",
  "String",
  "TypeError",
  "isFinite",
  "isNaN",
  "parseFloat",
  "parseInt",
]);

/** What a tool may use of globals that hold more than it may. */
export const allowedMembers: Readonly<Record<string, ReadonlySet<string>>> = {
  Date: new Set(["UTC", "parse"]),
  Object: new Set("assign entries freeze fromEntries groupBy hasOwn is keys values".split(" ")),
  Math: new Set(
    [
      "E LN10 LN2 LOG10E LOG2E PI SQRT1_2 SQRT2 abs acos acosh asin asinh atan atan2 atanh cbrt ceil clz32 cos cosh exp expm1",
      "floor fround hypot imul log log10 log1p log2 max min pow round sign sin sinh sqrt tan tanh trunc",
    ].flatMap((names) => names.split(" ")),
  ),
};

const forbiddenMembers: ReadonlySet<string> = new Set(
  [
    "constructor __proto__ prototype random callee caller stack captureStackTrace prepareStackTrace stackTraceLimit",
    "__defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__ getPrototypeOf getOwnPropertyDescriptor",
    "getOwnPropertyDescriptors getOwnPropertyNames",
    // What these say depends on where the code runs.
    "localeCompare toLocaleDateString toLocaleLowerCase toLocaleString toLocaleTimeString toLocaleUpperCase",
  ].flatMap((names) => names.split(" ")),
);

interface Code {
  readonly nodes: readonly AnyNode[];
  readonly scopes: Scopes;
  readonly folded: Folding;
}

/** `code` is the tree's. */
export function nameFaults(tree: Program, { nodes, scopes, folded }: Code): string[] {
  const signature = signatureKeys(tree);
  const globals = scopes.names.filter((name) => scopes.bindingOf(name) === undefined);
  return [
    ...[...new Set(globals.map(({ name }) => name))]
      .filter((name) => !allowedGlobals.has(name))
      .map((name) => `names '${name}'`),
    ...nodes.flatMap((node) => deletedFrom(node, globals)),
    ...nodes
      .filter((node) => !signature.has(node))
      .flatMap((node) => memberName(node, folded) ?? [])
      .filter((name) => forbiddenMembers.has(name))
      .map((name) => `reads '.${name}'`),
    ...wholeGlobalFaults(nodes, new Set(globals)),
    ...keptFaults(tree, nodes, scopes),
  ];
}

/** What a tool writes on itself, or on a built-in, would be there for its next call wherever calls share an interpreter. */
function keptFaults(tree: Program, nodes: readonly AnyNode[], { names, bindingOf }: Scopes): string[] {
  const [own] = tree.body;
  const tool = own?.type === "FunctionDeclaration" ? own.id : undefined;
  const called = new Set(nodes.flatMap((node) => (node.type === "CallExpression" ? [node.callee] : [])));
  const isTool = (name: Identifier) =>
    tool !== undefined && name !== tool && bindingOf(name) === bindingOf(tool);
  const changed = nodes.flatMap((node) => {
    const target =
      node.type === "AssignmentExpression"
        ? node.left
        : node.type === "UpdateExpression"
          ? node.argument
          : undefined;
    const object = target?.type === "MemberExpression" ? target.object : undefined;
    const isGlobal =
      object?.type === "Identifier" && object.name !== "arguments" && bindingOf(object) === undefined;
    return isGlobal ? [`changes '${object.name}'`] : [];
  });
  return [
    ...(names.some((name) => isTool(name) && !called.has(name))
      ? [`uses '${tool!.name}' other than to call it`]
      : []),
    ...new Set(changed),
  ];
}

/** Of a global that is gone, or a member of one, another could be found where it inherits from. */
function deletedFrom(node: AnyNode, globals: readonly AnyNode[]): string[] {
  if (node.type !== "UnaryExpression" || node.operator !== "delete") return [];
  const of = node.argument.type === "MemberExpression" ? node.argument.object : node.argument;
  return of.type === "Identifier" && globals.includes(of) ? [`deletes '${of.name}', or a part of it`] : [];
}

/** Names of the tool's own arguments are nobody's members. */
function signatureKeys(tree: Program): ReadonlySet<AnyNode> {
  const [statement] = tree.body;
  const [first] = statement?.type === "FunctionDeclaration" ? statement.params : [];
  return new Set(first?.type === "ObjectPattern" ? first.properties : []);
}

/** The key that a member expression or a property has, as far as it can be read. */
function memberName(node: AnyNode, folded: Folding): string | undefined {
  if (node.type !== "Property" && node.type !== "MemberExpression") return undefined;
  const key = node.type === "Property" ? node.key : node.property;
  if (!node.computed && key.type === "Identifier") return key.name;
  return folded(key);
}

/**
 * Math and Object hold chance and reflection, and Date the clock, so they are only ever asked for a member by its plain
 * name. A date of what is given may be made where it is read at once: as a value of its own it would lead back to Date.
 */
function wholeGlobalFaults(nodes: readonly AnyNode[], globals: ReadonlySet<AnyNode>): string[] {
  const isWhole = (node: AnyNode | null | undefined): node is Identifier =>
    node?.type === "Identifier" && globals.has(node) && Object.hasOwn(allowedMembers, node.name);
  const inPlace = new Set<AnyNode>();
  const faults: string[] = [];
  for (const node of nodes) {
    for (const { callee } of datesRead(node)) inPlace.add(callee);
    if (node.type === "MemberExpression" && !node.computed) {
      if (!isWhole(node.object) || node.property.type !== "Identifier") continue;
      inPlace.add(node.object);
      if (!allowedMembers[node.object.name]!.has(node.property.name))
        faults.push(`reads '${node.object.name}.${node.property.name}'`);
    }
    if (node.type === "VariableDeclarator" && node.id.type === "ObjectPattern" && isWhole(node.init)) {
      const allowed = allowedMembers[node.init.name]!;
      const names = node.id.properties.map((property) =>
        property.type === "Property" && !property.computed && property.key.type === "Identifier"
          ? property.key.name
          : "",
      );
      if (names.every((name) => allowed.has(name))) inPlace.add(node.init);
    }
  }
  const whole = nodes.filter(isWhole).filter((node) => !inPlace.has(node));
  return [
    ...faults,
    ...new Set(whole.map(({ name }) => `uses '${name}' other than for a member by its name`)),
  ];
}

/** Methods that every date has itself, and that give a number or a text. */
const dateMethods: ReadonlySet<string> = new Set(
  [
    "getDate getDay getFullYear getHours getMilliseconds getMinutes getMonth getSeconds getTime getUTCDate getUTCDay",
    "getUTCFullYear getUTCHours getUTCMilliseconds getUTCMinutes getUTCMonth getUTCSeconds toISOString valueOf",
  ].flatMap((names) => names.split(" ")),
);
const numeric: ReadonlySet<string> = new Set("- * / % < > <= >=".split(" "));

/** Dates that an expression makes and reads: `new Date(x).getTime()`, `new Date(x) - new Date(y)`. */
function datesRead(node: AnyNode): NewExpression[] {
  if (node.type === "BinaryExpression" && numeric.has(node.operator))
    return [node.left, node.right].filter(isDateOf);
  return node.type === "MemberExpression" &&
    !node.computed &&
    node.property.type === "Identifier" &&
    dateMethods.has(node.property.name)
    ? [node.object].filter(isDateOf)
    : [];
}

/** Without arguments, which a list that is spread out may turn out to hold, it would be now. */
const isDateOf = (node: AnyNode): node is NewExpression =>
  node.type === "NewExpression" &&
  node.callee.type === "Identifier" &&
  node.callee.name === "Date" &&
  node.arguments[0] !== undefined &&
  node.arguments[0].type !== "SpreadElement";
