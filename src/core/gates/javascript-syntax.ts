/** Tool code as a syntax tree, for gates that read it without running it. */
import { type AnyNode, type Pattern, type Property, parse } from "acorn";

export interface Signature {
  readonly name: string;
  /** Destructured names with the source of their defaults. */
  readonly parameters: Readonly<Record<string, string | undefined>>;
  /** Name of the second parameter, the table. */
  readonly table?: string;
}

/** The signature of code that is exactly one `function NAME({ a, b = 1, ...others }, table)`; else what is wrong with it. */
export function signatureOf(code: string): Signature | string {
  const tree = parseTool(code);
  if (typeof tree === "string") return tree;
  const [statement, ...rest] = tree.body;
  if (statement?.type !== "FunctionDeclaration" || rest.length > 0) return "code is not exactly one function";
  if (statement.async || statement.generator) return "function is async or a generator";
  const [first, second, third] = statement.params;
  if (first?.type !== "ObjectPattern" || third) return "parameters are not ({ ... }, table)";
  if (second && second.type !== "Identifier") return "second parameter is not a name";
  const parameters = new Map<string, string | undefined>();
  for (const property of first.properties) {
    if (property.type === "RestElement") continue; // arguments that are not known, for the tool to refuse
    if (property.key.type !== "Identifier") return "arguments are not plainly destructured";
    parameters.set(property.key.name, defaultOf(property as Property & { value: Pattern }, code));
  }
  return {
    name: statement.id.name,
    parameters: Object.fromEntries(parameters),
    ...(second ? { table: second.name } : {}),
  };
}

/** The tree, or the syntax error's message. */
export function parseTool(code: string) {
  try {
    return parse(code, { ecmaVersion: 2022, sourceType: "script" });
  } catch (error) {
    return `syntax error: ${(error as Error).message}`;
  }
}

function defaultOf({ value }: { value: Pattern }, code: string): string | undefined {
  return value.type === "AssignmentPattern" ? code.slice(value.right.start, value.right.end) : undefined;
}

/** Every node of a tree, parents before children, as they are written; of a deep one each level would be a call within a call. */
export function nodesOf(tree: AnyNode): AnyNode[] {
  const found: AnyNode[] = [];
  const waiting = [tree];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    found.push(node);
    waiting.push(...childrenOf(node).reverse());
  }
  return found;
}

/** What stands directly within a node, as it is written. */
export const childrenOf = (node: AnyNode): AnyNode[] =>
  (Object.values(node) as unknown[]).flatMap((part) => (Array.isArray(part) ? part : [part])).filter(isNode);

const isNode = (value: unknown): value is AnyNode =>
  typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
