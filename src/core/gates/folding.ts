/**
 * Strings that code puts together from literals alone, as the reader of the code would: "con" + "structor", `random`, and
 * names that are given one of these and nothing else.
 */
import type { AnyNode, Identifier } from "acorn";
import type { Scopes } from "./scopes.ts";

/** The text of an expression, or undefined where running it is the only way to know. */
export type Folding = (node: AnyNode) => string | undefined;

/** No name and no answer is as long; doubling a text often enough makes one that fits into no memory. */
const longest = 100_000;
/** Calls within calls, of which a machine's stack holds some thousands. */
const deepest = 1_000;

export function foldingOf({ names, bindingOf }: Scopes): Folding {
  const onlyValueOf = (name: Identifier) => {
    const given = bindingOf(name)?.given ?? [];
    return given.length === 1 ? given[0] : undefined;
  };
  const known = new Map<AnyNode, string | undefined>();
  const fold = (node: AnyNode, depth = 0): string | undefined => {
    if (known.has(node)) return known.get(node);
    if (depth > deepest) return undefined;
    known.set(node, undefined); // whatever leads back to itself has no text
    const text = partsOf(node)?.reduce<string | undefined>((before, part) => {
      const own = typeof part === "string" ? part : fold(part, depth + 1);
      return before === undefined || own === undefined || before.length + own.length > longest
        ? undefined
        : before + own;
    }, "");
    known.set(node, text);
    return text;
  };
  const partsOf = (node: AnyNode): (AnyNode | string)[] | undefined => {
    switch (node.type) {
      case "Literal":
        return typeof node.value === "string" || typeof node.value === "number"
          ? [String(node.value)]
          : undefined;
      case "TemplateLiteral":
        return node.quasis.flatMap(({ value }, i) => [
          value.cooked ?? value.raw,
          ...(node.expressions[i] ? [node.expressions[i]] : []),
        ]);
      case "BinaryExpression":
        return node.operator === "+" ? summandsOf(node) : undefined;
      case "Identifier": {
        const value = onlyValueOf(node);
        return value && [value];
      }
      case "ParenthesizedExpression":
        return [node.expression];
      default:
        return undefined;
    }
  };
  // In the order in which they are written, so that names that lead to each other are each one step away.
  for (const name of names) fold(name);
  return (node) => fold(node);
}

/** What a sum adds up, the first first; of a long one each level would be a call within a call. */
function summandsOf(sum: AnyNode): AnyNode[] {
  const found: AnyNode[] = [];
  let left = sum;
  while (left.type === "BinaryExpression" && left.operator === "+") {
    found.push(left.right);
    left = left.left;
  }
  return [left, ...found.reverse()];
}
