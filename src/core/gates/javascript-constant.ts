/** What a default written in JavaScript is as JSON: 'abc' is "abc", and { unit: 'km' } is an object of one member. */
import { type AnyNode, parseExpressionAt } from "acorn";
import type { Json } from "../json.ts";

/** Undefined where the expression is no constant that JSON could hold. */
export function constantIn(source: string): Json | undefined {
  try {
    const node = parseExpressionAt(source, 0, { ecmaVersion: 2022 });
    return node.end === source.trimEnd().length ? constantOf(node) : undefined;
  } catch {
    return undefined;
  }
}

function constantOf(node: AnyNode): Json | undefined {
  switch (node.type) {
    case "Literal":
      return isConstant(node.value) ? node.value : undefined;
    case "TemplateLiteral":
      return node.expressions.length === 0 ? (node.quasis[0]!.value.cooked ?? undefined) : undefined;
    case "UnaryExpression": {
      const value = constantOf(node.argument);
      if (typeof value !== "number") return undefined;
      return node.operator === "-" ? -value : node.operator === "+" ? value : undefined;
    }
    case "ArrayExpression":
      return whole(node.elements.map((element) => (element ? constantOf(element) : undefined)));
    case "ObjectExpression": {
      const members = node.properties.map((property) =>
        property.type === "Property" && !property.computed ? property : undefined,
      );
      const values = whole(members.map((member) => member && constantOf(member.value)));
      return (
        values && Object.fromEntries(members.map((member, i) => [nameOf(member!.key as AnyNode), values[i]!]))
      );
    }
    default:
      return undefined;
  }
}

const isConstant = (value: unknown): value is string | number | boolean | null =>
  value === null || ["string", "boolean"].includes(typeof value) || Number.isFinite(value);

const nameOf = (key: AnyNode): string =>
  key.type === "Identifier" ? key.name : String(key.type === "Literal" ? key.value : "");

/** All of them, or undefined where one is missing. */
function whole(values: readonly (Json | undefined)[]): Json[] | undefined {
  return values.some((value) => value === undefined) ? undefined : (values as Json[]);
}
