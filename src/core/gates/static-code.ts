/**
 * Code can only compute: it names nothing outside itself but a few pure built-ins, and it holds no answer. An answer
 * belongs in the data table; as a literal it would be a branch that knows one question. What code reaches under a name
 * that only running it would tell is the sandbox's business: nothing there makes code from text, and without that no
 * clock, chance or global object is reached.
 */
import type { AnyNode } from "acorn";
import { answersOf, type Environment } from "../environment/environment.ts";
import { answerMatches } from "../reward/match.ts";
import { nameFaults } from "./code-names.ts";
import { type Folding, foldingOf } from "./folding.ts";
import { findingOf, type StaticGate } from "./gate.ts";
import { nodesOf, parseTool } from "./javascript-syntax.ts";
import { pythonLiterals } from "./python-literals.ts";
import { pythonNameFaults } from "./python-names.ts";
import { pythonTokens } from "./python-tokens.ts";
import { scopesOf } from "./scopes.ts";

const forbiddenSyntax: ReadonlySet<string> = new Set([
  "ImportDeclaration",
  "ImportExpression",
  "MetaProperty",
  "AwaitExpression",
  "WithStatement",
  "DebuggerStatement",
]);

export const staticCodeGate: StaticGate = {
  kind: "static",
  gate: "static-code",
  version: 8,
  judge: ({ environment }) => {
    const faults = environment.tools.flatMap(({ code, runtime, document: { name } }) =>
      (runtime === "python" ? pythonFaults : javascriptFaults)(code, environment).map((fault) => ({
        name,
        fault,
      })),
    );
    return findingOf(
      faults.map(({ name, fault }) => `${name}: ${fault}`),
      `${environment.tools.length} functions name nothing outside themselves and hold no answer`,
      faults.map(({ name }) => name),
    );
  },
};

function javascriptFaults(code: string, environment: Environment): string[] {
  const tree = parseTool(code);
  if (typeof tree === "string") return [tree];
  const nodes = nodesOf(tree);
  const syntax = nodes.filter(({ type }) => forbiddenSyntax.has(type)).map(({ type }) => `uses ${type}`);
  if (usesGlobalThis(nodes)) syntax.push("uses 'this' outside a class");
  const scopes = scopesOf(tree);
  const folded = foldingOf(scopes);
  return [
    ...syntax,
    ...nameFaults(tree, { nodes, scopes, folded }),
    ...heldAnswers(literalsIn(nodes, folded), environment),
  ];
}

/** Outside the methods, fields and static blocks of a class, `this` may be the global object. */
function usesGlobalThis(nodes: readonly AnyNode[]): boolean {
  const inClass = new Set(
    nodes.flatMap((node) => {
      if (node.type === "StaticBlock") return nodesOf(node);
      const isMember = node.type === "MethodDefinition" || node.type === "PropertyDefinition";
      return isMember && node.value ? nodesOf(node.value) : [];
    }),
  );
  return nodes.some((node) => node.type === "ThisExpression" && !inClass.has(node));
}

function pythonFaults(code: string, environment: Environment): string[] {
  const tokens = pythonTokens(code);
  if (typeof tokens === "string") return [tokens];
  return [...pythonNameFaults(code, tokens), ...heldAnswers(pythonLiterals(tokens), environment)];
}

function literalsIn(nodes: readonly AnyNode[], folded: Folding): string[] {
  return nodes.flatMap((node) => (node.type === "TemplateElement" ? [node.value.raw] : (folded(node) ?? [])));
}

function heldAnswers(found: readonly string[], environment: Environment): string[] {
  const literals = [...new Set(found)];
  return answersOf(environment)
    .filter((one) => literals.some((text) => answerMatches(one, text)))
    .map((one) => `holds the answer '${one}' as a literal`);
}
