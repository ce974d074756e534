/**
 * Code can only compute: it names nothing outside itself but a few pure built-ins, and it holds no answer. An answer
 * belongs in the data table; as a literal it would be a branch that knows one question.
 */
import type { AnyNode, Program } from "acorn";
import type { Environment, Tool } from "../environment/environment.ts";
import { answerMatches } from "../reward/match.ts";
import { findingOf, type StaticGate } from "./gate.ts";
import { nodesOf, parseTool } from "./javascript-syntax.ts";

const allowedGlobals = new Set([
  "arguments",
  "undefined",
  "Array",
  "Boolean",
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
/** Members through which code gets hold of what it may not name. */
const forbiddenMembers = new Set(["constructor", "__proto__", "prototype", "random", "callee", "caller"]);
const forbiddenSyntax: ReadonlySet<string> = new Set([
  "ImportDeclaration",
  "ImportExpression",
  "MetaProperty",
  "AwaitExpression",
  "WithStatement",
  "ClassDeclaration",
  "ClassExpression",
  "DebuggerStatement",
  "ThisExpression",
]);

export const staticCodeGate: StaticGate = {
  kind: "static",
  gate: "static-code",
  version: 1,
  judge: ({ environment }) => {
    const faults = environment.tools.flatMap((tool) =>
      codeFaults(tool, environment).map((fault) => ({ name: tool.document.name, fault })),
    );
    return findingOf(
      faults.map(({ name, fault }) => `${name}: ${fault}`),
      `${environment.tools.length} functions name nothing outside themselves and hold no answer`,
      faults.map(({ name }) => name),
    );
  },
};

function codeFaults({ code, runtime }: Tool, environment: Environment): string[] {
  if (runtime !== "javascript") return [`this gate cannot read ${runtime} code yet`];
  const tree = parseTool(code);
  if (typeof tree === "string") return [tree];
  const nodes = [...nodesOf(tree)];
  const syntax = nodes.filter(({ type }) => forbiddenSyntax.has(type)).map(({ type }) => `uses ${type}`);
  const globals = freeNames(tree).filter((name) => !allowedGlobals.has(name));
  const members = nodes.flatMap(memberName).filter((name) => forbiddenMembers.has(name));
  return [
    ...syntax,
    ...globals.map((name) => `names '${name}'`),
    ...members.map((name) => `reads '.${name}'`),
    ...heldAnswers(nodes, environment).map((answer) => `holds the answer '${answer}' as a literal`),
  ];
}

/** Names used but declared nowhere in the code. Scopes are taken as one: shadowing a global is no offence. */
function freeNames(tree: Program): string[] {
  const declared = new Set<string>();
  const used = new Set<string>();
  const notReferences = new Set<AnyNode>();
  for (const node of nodesOf(tree)) {
    if (node.type === "MemberExpression" && !node.computed) notReferences.add(node.property);
    if (node.type === "Property" && !node.computed && !node.shorthand) notReferences.add(node.key);
    if (node.type === "VariableDeclarator") declare(node.id, declared);
    if (node.type === "FunctionDeclaration" && node.id) declared.add(node.id.name);
    if ("params" in node) for (const parameter of node.params) declare(parameter, declared);
    if (node.type === "CatchClause" && node.param) declare(node.param, declared);
    if (node.type === "Identifier" && !notReferences.has(node)) used.add(node.name);
  }
  return [...used].filter((name) => !declared.has(name));
}

function declare(pattern: AnyNode, declared: Set<string>): void {
  switch (pattern.type) {
    case "Identifier":
      declared.add(pattern.name);
      return;
    case "ObjectPattern":
      for (const property of pattern.properties)
        declare(property.type === "Property" ? property.value : property.argument, declared);
      return;
    case "ArrayPattern":
      for (const element of pattern.elements) if (element) declare(element, declared);
      return;
    case "AssignmentPattern":
      declare(pattern.left, declared);
      return;
    case "RestElement":
      declare(pattern.argument, declared);
  }
}

function memberName(node: AnyNode): string[] {
  if (node.type === "Property" && node.key.type === "Identifier") return [node.key.name];
  if (node.type !== "MemberExpression") return [];
  if (!node.computed) return node.property.type === "Identifier" ? [node.property.name] : [];
  return node.property.type === "Literal" ? [String(node.property.value)] : [];
}

function heldAnswers(nodes: readonly AnyNode[], { subQuestions, answer }: Environment): string[] {
  const literals = nodes.flatMap((node) =>
    node.type === "Literal" && (typeof node.value === "string" || typeof node.value === "number")
      ? [String(node.value)]
      : node.type === "TemplateElement"
        ? [node.value.raw]
        : [],
  );
  const answers = [...new Set([...subQuestions.map((sub) => sub.answer), answer])];
  return answers.filter((one) => literals.some((text) => answerMatches(one, text)));
}
