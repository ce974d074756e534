/** What gives each name of a program a value. Scopes are taken as one: equal names are one name, whoever declares them. */
import type { AnyNode, ArrowFunctionExpression, FunctionDeclaration, FunctionExpression } from "acorn";

export type FunctionNode = FunctionDeclaration | FunctionExpression | ArrowFunctionExpression;

/** Of each name the expressions it is given; undefined for one that only running the code would tell. */
export type Bindings = ReadonlyMap<string, readonly (AnyNode | undefined)[]>;

export function bindingsOf(nodes: readonly AnyNode[]): Bindings {
  const found = new Map<string, (AnyNode | undefined)[]>();
  const give = (name: string, value: AnyNode | undefined) => {
    const known = found.get(name);
    if (known) known.push(value);
    else found.set(name, [value]);
  };
  const giveAll = (pattern: AnyNode) => {
    for (const name of namesIn(pattern)) give(name, undefined);
  };
  for (const node of nodes) {
    switch (node.type) {
      case "VariableDeclarator":
        if (node.id.type === "Identifier") give(node.id.name, node.init ?? undefined);
        else giveAll(node.id);
        break;
      case "AssignmentExpression":
        if (node.left.type === "Identifier")
          give(node.left.name, node.operator === "=" ? node.right : undefined);
        else giveAll(node.left);
        break;
      case "UpdateExpression":
        giveAll(node.argument);
        break;
      case "ForInStatement":
      case "ForOfStatement":
        if (node.left.type !== "VariableDeclaration") giveAll(node.left);
        break;
      case "CatchClause":
        if (node.param) giveAll(node.param);
        break;
      default:
        if (!isFunctionNode(node)) break;
        if (node.type !== "ArrowFunctionExpression" && node.id) give(node.id.name, node);
        for (const parameter of node.params) giveAll(parameter);
    }
  }
  return found;
}

export const isFunctionNode = (node: AnyNode): node is FunctionNode =>
  node.type === "FunctionDeclaration" ||
  node.type === "FunctionExpression" ||
  node.type === "ArrowFunctionExpression";

/** The names that a pattern declares or assigns; members that it assigns have none. */
export function namesIn(pattern: AnyNode): string[] {
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
