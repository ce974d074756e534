/**
 * A tool draft as JavaScript: `function NAME({ a, b = 1 }, table) { ... }`. The code knows how to read the table and
 * nothing that is in it; it is generated from the document, so signature and schema cannot drift apart. Its own
 * variables begin with "$", which no parameter does.
 */
import type { Operation } from "../../environment/calculation.ts";
import type { CalculateBehaviour, LookupBehaviour, ToolDraft } from "../draft.ts";
import { modifiersOn } from "../scale/modifiers.ts";
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

const rounded = (formula: string) => `Number((${formula}).toFixed(6))`;

/** Over `$first` and `$others`; results are rounded as `core/environment/calculation.ts` rounds them. */
const formulas: Readonly<Record<Operation, string>> = {
  sum: rounded("$others.reduce((a, b) => a + b, 0)"),
  difference: rounded("Math.abs($others.slice(1).reduce((a, b) => a - b, $others[0]))"),
  product: rounded("$others.reduce((a, b) => a * b, 1)"),
  mean: rounded("$others.reduce((a, b) => a + b, 0) / $others.length"),
  count_above: '$others.filter((one) => one > $first[0]).length + " of " + $others.length',
  days_between: "Math.abs($day($others[1]) - $day($others[0]))",
  date_after: "$date($day($first[0]) + $others[0])",
};

/**
 * Dates to days and back, in whole numbers alone, since tools may not name `Date`: years begin in March, so that the
 * leap day is the last of one, and 400 of them have 146,097 days.
 */
const calendarLines = [
  "const $date = ($n) => {",
  "  const $era = Math.floor($n / 146097), $in = $n - $era * 146097;",
  "  const $y = Math.floor(($in - Math.floor($in / 1460) + Math.floor($in / 36524) - Math.floor($in / 146096)) / 365);",
  "  const $left = $in - (365 * $y + Math.floor($y / 4) - Math.floor($y / 100)), $m = Math.floor((5 * $left + 2) / 153);",
  "  const $pad = (part, width) => String(part).padStart(width, '0');",
  "  return $pad($y + $era * 400 + ($m > 9 ? 1 : 0), 4) + '-' + $pad($m > 9 ? $m - 9 : $m + 3, 2) + '-' + $pad($left - Math.floor((153 * $m + 2) / 5) + 1, 2);",
  "};",
  "const $day = ($text) => {",
  "  const [$year, $month, $of] = $text.split('-').map(Number), $y = $month > 2 ? $year : $year - 1;",
  "  const $n = 365 * $y + Math.floor($y / 4) - Math.floor($y / 100) + Math.floor($y / 400) + Math.floor((153 * ($month > 2 ? $month - 3 : $month + 9) + 2) / 5) + $of - 1;",
  '  return $date($n) === $text ? $n : $fail("invalid_argument", "a date must be in the calendar");',
  "};",
];

function calculationLines(behaviour: CalculateBehaviour): string[] {
  const { first, operands, operation } = behaviour;
  const others = "array" in operands ? operands.array : `[${operands.join(", ")}]`;
  return [
    ...(operation === "days_between" || operation === "date_after" ? calendarLines : []),
    ...(first.length > 0 ? [`const $first = [${first.join(", ")}];`] : []),
    `const $others = ${others};`,
    `const $field = ${JSON.stringify(operation)};`,
    `let $value = ${formulas[operation]};`,
    ...modifierLines(behaviour, "value").map((line) => line.trim()),
    "let $text = String($value);",
    ...modifierLines(behaviour, "text").map((line) => line.trim()),
    "return $text;",
  ];
}

const modifierLines = (behaviour: LookupBehaviour | CalculateBehaviour, on: "value" | "text"): string[] =>
  modifiersOn(on, behaviour).map(({ parameter, rule, context }) => `  ${rule.code(parameter, context)}`);
