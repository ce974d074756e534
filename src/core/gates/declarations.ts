/** What a program declares. Scopes are taken as one: equal names are one name, whoever declares them. */
import type { AnyNode } from "acorn";

export interface Declarations {
  readonly names: ReadonlySet<string>;
  /** What a name stands for that one `const` declares and nothing else. */
  readonly constants: ReadonlyMap<string, AnyNode>;
}

export function declarationsIn(nodes: readonly AnyNode[]): Declarations {
  const names = new Set<string>();
  const constants = new Map<string, AnyNode>();
  const declare = (pattern: AnyNode, value?: AnyNode | null) => {
    for (const name of namesIn(pattern)) {
      if (names.has(name)) constants.delete(name);
      else if (value && pattern.type === "Identifier") constants.set(name, value);
      names.add(name);
    }
  };
  for (const node of nodes) {
    if (node.type === "VariableDeclaration")
      for (const { id, init } of node.declarations) declare(id, node.kind === "const" ? init : undefined);
    if ((node.type === "FunctionDeclaration" || node.type === "FunctionExpression") && node.id)
      declare(node.id);
    if ("params" in node) for (const parameter of node.params) declare(parameter);
    if (node.type === "CatchClause" && node.param) declare(node.param);
  }
  return { names, constants };
}

/** The names that a pattern declares. */
function namesIn(pattern: AnyNode): string[] {
  switch (pattern.type) {
    case "Identifier":
      return [pattern.name];
    case "ObjectPattern":
      return pattern.properties.flatMap((property) =>
        namesIn(property.type === "Property" ? property.value : property.argument),
      );
    case "ArrayPattern":
      return pattern.elements.flatMap((element) => (element ? namesIn(element) : []));
    case "AssignmentPattern":
      return namesIn(pattern.left);
    case "RestElement":
      return namesIn(pattern.argument);
    default:
      return [];
  }
}
