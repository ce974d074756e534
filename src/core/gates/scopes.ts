/**
 * Which declaration each name of a program means, by the scopes of JavaScript, and so which names are globals: those that no
 * scope around them declares. Where this reading and the language differ a name is taken for a global, never the reverse: a
 * function in a block is that block's, and what a loop or a switch is about sees none of the names within.
 */
import type { AnyNode, Identifier, Program } from "acorn";
import { childrenOf } from "./javascript-syntax.ts";

/** What one declaration, or several of the same name, stands for. */
export interface Binding {
  /** Everything that it is ever given; undefined for what only running the code would tell. */
  readonly given: (AnyNode | undefined)[];
}

export interface Scopes {
  /** Names that stand for a value, as they are written: those of members and labels are none. */
  readonly names: readonly Identifier[];
  /** Undefined for a global. */
  readonly bindingOf: (name: Identifier) => Binding | undefined;
}

interface Scope {
  readonly outer: Scope | undefined;
  /** Whether a `var` somewhere within is declared here. */
  readonly holdsVars: boolean;
  readonly bindings: Map<string, Binding>;
}

const scopeIn = (outer: Scope | undefined, holdsVars = false): Scope => ({
  outer,
  holdsVars,
  bindings: new Map(),
});

export function scopesOf(tree: Program): Scopes {
  const found: Part[] = [];
  const waiting: Part[] = [[tree, scopeIn(undefined, true)]];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    found.push(next);
    waiting.push(...partsOf(...next).reverse());
  }
  const scopeOf = new Map(found);
  const bindingOf = (name: Identifier) => {
    for (let scope = scopeOf.get(name); scope; scope = scope.outer) {
      const binding = scope.bindings.get(name.name);
      if (binding) return binding;
    }
    return undefined;
  };
  for (const [node] of found)
    for (const [pattern, value] of givenBy(node))
      for (const name of namesIn(pattern)) bindingOf(name)?.given.push(pattern === name ? value : undefined);
  const others = new Set(found.flatMap(([node]) => otherNameIn(node) ?? []));
  const names = found.flatMap(([node]) => (node.type === "Identifier" && !others.has(node) ? [node] : []));
  return { names, bindingOf };
}

type Part = [AnyNode, Scope];

/** What stands directly within a node, each with its scope; what the node declares is then declared. */
function partsOf(node: AnyNode, scope: Scope): Part[] {
  switch (node.type) {
    case "VariableDeclaration": {
      let holder = scope;
      while (node.kind === "var" && !holder.holdsVars && holder.outer) holder = holder.outer;
      for (const { id } of node.declarations) declare(holder, id);
      return within(scope, childrenOf(node));
    }
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression": {
      const parameters = scopeIn(scope); // their defaults see nothing of the body
      const own = node.type === "FunctionDeclaration" ? scope : parameters;
      if (node.id) declare(own, node.id);
      for (const parameter of node.params) declare(parameters, parameter);
      const { body } = node;
      return [
        ...within(own, [node.id]),
        ...within(parameters, node.params),
        ...within(scopeIn(parameters, true), body.type === "BlockStatement" ? body.body : [body]),
      ];
    }
    case "ClassDeclaration":
    case "ClassExpression": {
      const own = node.type === "ClassDeclaration" ? scope : scopeIn(scope);
      if (node.id) declare(own, node.id);
      return within(own, childrenOf(node));
    }
    case "StaticBlock":
      return within(scopeIn(scope, true), childrenOf(node));
    case "CatchClause": {
      const caught = scopeIn(scope);
      if (node.param) declare(caught, node.param);
      return within(caught, childrenOf(node));
    }
    case "ForInStatement":
    case "ForOfStatement":
      return [...within(scope, [node.right]), ...within(scopeIn(scope), [node.left, node.body])];
    case "SwitchStatement":
      return [...within(scope, [node.discriminant]), ...within(scopeIn(scope), node.cases)];
    case "BlockStatement":
    case "ForStatement":
      return within(scopeIn(scope), childrenOf(node));
    default:
      return within(scope, childrenOf(node));
  }
}

const within = (scope: Scope, parts: readonly (AnyNode | null | undefined)[]): Part[] =>
  parts.flatMap((part): Part[] => (part ? [[part, scope]] : []));

function declare({ bindings }: Scope, pattern: AnyNode): void {
  for (const { name } of namesIn(pattern)) if (!bindings.has(name)) bindings.set(name, { given: [] });
}

/** Patterns to which a node gives something, with the value where it is written down. */
function givenBy(node: AnyNode): (readonly [AnyNode, AnyNode?])[] {
  switch (node.type) {
    case "VariableDeclarator":
      return node.init ? [[node.id, node.init]] : [];
    case "AssignmentExpression":
      return [node.operator === "=" ? [node.left, node.right] : [node.left]];
    case "UpdateExpression":
      return [[node.argument]];
    case "ForInStatement":
    case "ForOfStatement":
      return [[node.left.type === "VariableDeclaration" ? node.left.declarations[0]!.id : node.left]];
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return [...(node.id ? [node.id] : []), ...node.params].map((pattern) => [pattern]);
    case "ClassDeclaration":
    case "ClassExpression":
      return node.id ? [[node.id]] : [];
    case "CatchClause":
      return node.param ? [[node.param]] : [];
    default:
      return [];
  }
}

/** Names in a pattern that are given something. */
function namesIn(pattern: AnyNode): Identifier[] {
  switch (pattern.type) {
    case "Identifier":
      return [pattern];
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

/** The name of a member or of a label. */
function otherNameIn(node: AnyNode): AnyNode | null | undefined {
  switch (node.type) {
    case "MemberExpression":
      return node.computed ? undefined : node.property;
    case "Property":
      return node.computed || node.shorthand ? undefined : node.key;
    case "MethodDefinition":
    case "PropertyDefinition":
      return node.computed ? undefined : node.key;
    case "LabeledStatement":
    case "BreakStatement":
    case "ContinueStatement":
      return node.label;
    default:
      return undefined;
  }
}
