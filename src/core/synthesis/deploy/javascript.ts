/**
 * A tool draft as JavaScript: `function NAME({ a, b = 1 }, table) { ... }`. The code knows how to read the table and
 * nothing that is in it; it is generated from the document, so signature and schema cannot drift apart. Its own
 * variables begin with "$", which no parameter does.
 */
import type { Operation } from "../../environment/composition.ts";
import type { CalculateBehaviour, LookupBehaviour, ToolDraft } from "../draft.ts";
import { modifierRule } from "../scale/modifiers.ts";
import { tidyKeySource } from "./lookup-key.ts";
import { bindings, validationLines } from "./validation.ts";

export function javascriptOf({ document, behaviour }: ToolDraft): string {
  const { properties } = document.parameters;
  const table = behaviour.kind === "lookup" ? ", table" : "";
  const body = behaviour.kind === "lookup" ? lookupLines(behaviour) : calculationLines(behaviour);
  return [
    `function ${document.name}({ ${bindings(properties)} }${table}) {`,
    ...[...validationLines(document.parameters), ...body].map((line) => `  ${line}`),
    "}",
  ].join("\n");
}

function lookupLines(behaviour: LookupBehaviour): string[] {
  const { fields, selector } = behaviour;
  const render = ["const $render = ($field) => {", "  let $value = $row[$field];"];
  render.push('  if ($value === undefined) $fail("not_available", "this row has no such value");');
  render.push(...modifierLines(behaviour, "value"), "  let $text = String($value);");
  render.push(...modifierLines(behaviour, "text"), "  return $text;", "};");
  return [
    `const $tidy = ${tidyKeySource};`,
    `const $asked = $tidy(${behaviour.key.at(-1)});`,
    "const $key = Object.hasOwn(table.aliases, $asked) ? table.aliases[$asked] : $asked;",
    'if (!Object.hasOwn(table.rows, $key)) $fail("not_found", "no row has this name");',
    "const $row = table.rows[$key];",
    ...render,
    returnLine(fields, selector),
  ];
}

function returnLine(fields: readonly string[], selector: LookupBehaviour["selector"]): string {
  if (!selector) return `return $render(${JSON.stringify(fields[0])});`;
  return selector.many
    ? `return ${selector.parameter}.map($render).join("; ");`
    : `return $render(${selector.parameter});`;
}

/** Exact operations over `$numbers`; the result is rounded as `core/environment/composition.ts` rounds it. */
const formulas: Readonly<Record<Operation, string>> = {
  sum: "$numbers.reduce((a, b) => a + b, 0)",
  difference: "Math.abs($numbers.slice(1).reduce((a, b) => a - b, $numbers[0]))",
  product: "$numbers.reduce((a, b) => a * b, 1)",
  mean: "$numbers.reduce((a, b) => a + b, 0) / $numbers.length",
};

function calculationLines(behaviour: CalculateBehaviour): string[] {
  const { operands, operation } = behaviour;
  const numbers = "array" in operands ? operands.array : `[${operands.join(", ")}]`;
  return [
    `const $numbers = ${numbers};`,
    `const $field = ${JSON.stringify(operation)};`,
    `let $value = Number((${formulas[operation]}).toFixed(6));`,
    ...modifierLines(behaviour, "value").map((line) => line.trim()),
    "let $text = String($value);",
    ...modifierLines(behaviour, "text").map((line) => line.trim()),
    "return $text;",
  ];
}

function modifierLines(behaviour: LookupBehaviour | CalculateBehaviour, on: "value" | "text"): string[] {
  const context =
    behaviour.kind === "lookup"
      ? { unit: behaviour.unit ?? "", source: behaviour.source }
      : { unit: "", source: "" };
  return behaviour.modifiers
    .map(({ parameter, effect }) => ({ parameter, rule: modifierRule(effect) }))
    .filter(({ rule }) => rule.on === on)
    .map(({ parameter, rule }) => `  ${rule.code(parameter, context)}`);
}
