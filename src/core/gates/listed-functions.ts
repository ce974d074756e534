/** `operations[name](...)`: functions of the code's own that it lists, and picks one of when it runs. */
import type { AnyNode } from "acorn";
import type { FunctionNode } from "./bindings.ts";
import { type Flow, functionsOf, isNamed, keyOf } from "./value-flow.ts";

/** Undefined where the name that they are listed under stands for anything else as well. */
export function listedFunctions(flow: Flow, callee: AnyNode): readonly FunctionNode[] | undefined {
  if (callee.type !== "MemberExpression" || callee.object.type !== "Identifier") return undefined;
  const { name } = callee.object;
  const [list, ...others] = flow.bindings.get(name) ?? [];
  if (!list || others.length > 0) return undefined;
  const members =
    list.type === "ObjectExpression"
      ? list.properties.map((one) => (one.type === "Property" && one.kind === "init" ? one.value : null))
      : list.type === "ArrayExpression"
        ? list.elements
        : [];
  const functions = members.map((one) => one && functionsOf(flow, one));
  return functions.length > 0 && functions.every((one) => one) && isOnlyAsked(flow, name)
    ? functions.flatMap((one) => one ?? [])
    : undefined;
}

/** Whether all that is done with a name's value is to read its members, and to see which there are. */
function isOnlyAsked(flow: Flow, name: string): boolean {
  const isIt = (node: AnyNode | undefined) => node?.type === "Identifier" && node.name === name;
  const isMember = (node: AnyNode | null) => node?.type === "MemberExpression" && isIt(node.object);
  let [mentioned, asked] = [0, 0];
  for (const node of flow.nodes) {
    if (targetsOf(node).some(isMember)) return false;
    if (isIt(node)) mentioned++;
    if (isMember(node)) asked++;
    if (node.type === "BinaryExpression" && node.operator === "in" && isIt(node.right)) asked++;
    if (
      node.type === "CallExpression" &&
      node.callee.type === "MemberExpression" &&
      isNamed(flow, node.callee.object, "Object") &&
      ["hasOwn", "keys"].includes(keyOf(flow, node.callee.computed, node.callee.property) ?? "") &&
      isIt(node.arguments[0])
    )
      asked++;
  }
  return mentioned === asked + 1; // where it is declared
}

/** What a node assigns, if it assigns. */
function targetsOf(node: AnyNode): readonly (AnyNode | null)[] {
  switch (node.type) {
    case "AssignmentExpression":
    case "AssignmentPattern":
    case "ForInStatement":
    case "ForOfStatement":
      return [node.left];
    case "ArrayPattern":
      return node.elements;
    case "Property":
      return [node.value];
    case "RestElement":
      return [node.argument];
    default:
      return [];
  }
}
