/** Strings that code puts together from literals alone, as the reader of the code would: "con" + "structor", `random`. */
import type { AnyNode } from "acorn";

/** Constants of a program by name, where only one declaration has the name. */
export type Constants = ReadonlyMap<string, AnyNode>;

export function constantsIn(nodes: readonly AnyNode[]): Constants {
  const found = new Map<string, AnyNode>();
  const twice = new Set<string>();
  for (const node of nodes) {
    if (node.type !== "VariableDeclarator" || node.id.type !== "Identifier" || !node.init) continue;
    if (found.has(node.id.name)) twice.add(node.id.name);
    found.set(node.id.name, node.init);
  }
  for (const name of twice) found.delete(name);
  return found;
}

/** Names in a row that lead to each other are followed so far. */
const mostSteps = 8;

/** The text of an expression, or undefined where running it is the only way to know. */
export function folded(node: AnyNode, constants: Constants, steps = mostSteps): string | undefined {
  if (steps === 0) return undefined;
  const part = (one: AnyNode) => folded(one, constants, steps - 1);
  switch (node.type) {
    case "Literal":
      return typeof node.value === "string" || typeof node.value === "number"
        ? String(node.value)
        : undefined;
    case "TemplateLiteral":
      return joined([
        ...node.quasis.flatMap(({ value }, i) => [
          value.cooked ?? value.raw,
          ...(node.expressions[i] ? [part(node.expressions[i])] : []),
        ]),
      ]);
    case "BinaryExpression":
      return node.operator === "+" ? joined([part(node.left), part(node.right)]) : undefined;
    case "Identifier": {
      const constant = constants.get(node.name);
      return constant && part(constant);
    }
    case "ParenthesizedExpression":
      return part(node.expression);
    default:
      return undefined;
  }
}

const joined = (parts: readonly (string | undefined)[]) =>
  parts.every((part) => part !== undefined) ? parts.join("") : undefined;
