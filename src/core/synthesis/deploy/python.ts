/**
 * A tool draft as Python: `def NAME(_table, /, a=..., b=1, **_others)`, the same behaviour as `javascript.ts` gives it, to
 * the byte: one environment may be deployed in either language. Its own variables begin with "_", which no parameter does.
 */
import type { Operation } from "../../environment/calculation.ts";
import type { CalculateBehaviour, LookupBehaviour, ToolDraft } from "../draft.ts";
import { modifiersOn } from "../scale/modifiers.ts";
import { calendarLines, roundedLines, saidLines, tidyLines } from "./python-library.ts";
import { pythonParameters, pythonValidationLines } from "./python-validation.ts";

export function pythonOf({ document, behaviour }: ToolDraft): string {
  const { parameters, name } = document;
  const isLookup = behaviour.kind === "lookup";
  const given = [
    ...(isLookup ? ["_table", "/"] : []),
    ...pythonParameters(parameters.properties),
    "**_others",
  ];
  const body = isLookup ? lookupLines(behaviour) : calculationLines(behaviour);
  const lines = [...pythonValidationLines(parameters), ...body];
  const used = modules.filter((module) => lines.some((line) => line.includes(`${module}.`)));
  return [
    ...(used.length > 0 ? [`import ${used.join(", ")}`, ""] : []),
    `def ${name}(${given.join(", ")}):`,
    ...indented(lines),
  ].join("\n");
}

const modules = ["json", "math", "re", "unicodedata"];

const rounds = ({ modifiers }: LookupBehaviour | CalculateBehaviour) =>
  modifiers.some(({ effect }) => effect === "round");

const indented = (lines: readonly string[]) => lines.map((line) => `    ${line}`);

function lookupLines(behaviour: LookupBehaviour): string[] {
  const { fields, selector } = behaviour;
  const wanted = selector?.parameter;
  return [
    ...tidyLines,
    ...saidLines,
    ...(rounds(behaviour) ? roundedLines : []),
    `_asked = _tidy(${behaviour.key.at(-1)})`,
    '_key = _table["aliases"].get(_asked, _asked)',
    'if _key not in _table["rows"]:',
    '    _fail("not_found", "no row has this name")',
    '_row = _table["rows"][_key]',
    "def _render(_field):",
    ...indented([
      "if _field not in _row:",
      '    _fail("not_available", "this row has no such value")',
      "_value = _row[_field]",
      ...modifierLines(behaviour, "value"),
      "_text = _said(_value)",
      ...modifierLines(behaviour, "text"),
      "return _text",
    ]),
    selector?.many
      ? `return "; ".join([_render(_field) for _field in ${wanted}])`
      : `return _render(${wanted ?? JSON.stringify(fields[0])})`,
  ];
}

/** Statements that leave the result in `_value`; numbers are added one after the other, as JavaScript's `reduce` does. */
const formulas: Readonly<Record<Operation, readonly string[]>> = {
  sum: folding("0.0", "_others", "+"),
  difference: [...folding("_others[0]", "_others[1:]", "-"), "_value = abs(_value)"],
  product: folding("1.0", "_others", "*"),
  mean: [...folding("0.0", "_others", "+"), "_value = _value / len(_others)"],
  count_above: [
    '_value = str(len([_one for _one in _others if _one > float(_first[0])])) + " of " + str(len(_others))',
  ],
  days_between: ["_value = abs(_day(_others[1]) - _day(_others[0]))"],
  date_after: ["_value = _date(_day(_first[0]) + _others[0])"],
};

function folding(start: string, over: string, operator: string): string[] {
  return [`_value = ${start}`, `for _one in ${over}:`, `    _value = _value ${operator} _one`];
}

function calculationLines(behaviour: CalculateBehaviour): string[] {
  const { first, operands, operation } = behaviour;
  const listed = "array" in operands ? operands.array : `[${operands.join(", ")}]`;
  const isOnDates = operation === "days_between" || operation === "date_after";
  const isRounded = ["sum", "difference", "product", "mean"].includes(operation);
  return [
    ...saidLines,
    ...(isRounded || rounds(behaviour) ? roundedLines : []),
    ...(isOnDates ? calendarLines : []),
    `_first = [${first.join(", ")}]`,
    `_others = ${operation === "days_between" ? listed : `[float(_one) for _one in ${listed}]`}`,
    `_field = ${JSON.stringify(operation)}`,
    ...formulas[operation],
    ...(isRounded ? ["_value = _rounded(_value, 6)"] : []),
    ...modifierLines(behaviour, "value"),
    "_text = _said(_value)",
    ...modifierLines(behaviour, "text"),
    "return _text",
  ];
}

const modifierLines = (behaviour: LookupBehaviour | CalculateBehaviour, on: "value" | "text"): string[] =>
  modifiersOn(on, behaviour).flatMap(({ parameter, rule, context }) => {
    const [condition, statement] = rule.python(parameter, context);
    return [`if ${condition}:`, `    ${statement}`];
  });
