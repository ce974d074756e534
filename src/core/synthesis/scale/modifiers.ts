/**
 * Optional parameters that a tool can be expanded by. Each is real (it changes the output when it is set), and each
 * default leaves the output as it was, so that expanding a tool never changes its reference answers.
 */
import type { Json } from "../../json.ts";
import type { CalculateBehaviour, LookupBehaviour, ToolDraft } from "../draft.ts";

/** What a rule's code may use beside the variables `$value`, `$text` and `$field` (the column or operation). */
interface ModifierContext {
  readonly unit: string;
  readonly source: string;
}

export interface ModifierRule {
  readonly effect: string;
  /** Names the parameter can have. */
  readonly names: readonly string[];
  readonly schema: Readonly<Record<string, Json>> & { readonly default: Json };
  readonly description: string;
  readonly applies: (draft: ToolDraft) => boolean;
  /** `value` rules run before the value is turned into text, in the order of this table. */
  readonly on: "value" | "text";
  /** JavaScript statement; `name` is the variable that holds the parameter. */
  readonly code: (name: string, context: ModifierContext) => string;
  /** The same in Python, over `_value`, `_text` and `_field`: when it does something, and what. */
  readonly python: (
    name: string,
    context: ModifierContext,
  ) => readonly [condition: string, statement: string];
}

const always = () => true;
const isLookup = ({ behaviour }: ToolDraft) => behaviour.kind === "lookup";
const isCalculator = ({ behaviour }: ToolDraft) => behaviour.kind === "calculate";
/** The unit is that of the first field, so a tool of several fields would write it behind all of them. */
const hasUnit = ({ behaviour }: ToolDraft) => {
  const { unit, fields } = behaviour as LookupBehaviour;
  return unit !== undefined && fields.length === 1;
};
const off = { type: "boolean", default: false } as const;
const oneOf = (...values: readonly [string, ...string[]]) => ({
  type: "string",
  enum: values,
  default: values[0],
});

export const modifierRules: readonly ModifierRule[] = [
  {
    effect: "round",
    names: ["round_to", "decimals", "precision"],
    schema: { type: "integer", minimum: 0, maximum: 10, default: 10 },
    description: "Most decimals of a numeric result.",
    applies: always,
    on: "value",
    code: (name) => `if (typeof $value === "number") $value = Number($value.toFixed(${name}));`,
    python: (name) => ["isinstance(_value, (int, float))", `_value = _rounded(_value, ${name})`],
  },
  {
    effect: "absolute",
    names: ["absolute", "ignore_sign"],
    schema: off,
    description: "Drop the sign of a numeric result.",
    applies: isCalculator,
    on: "value",
    code: (name) => `if (${name} && typeof $value === "number") $value = Math.abs($value);`,
    python: (name) => [`${name} and isinstance(_value, (int, float))`, "_value = abs(_value)"],
  },
  {
    effect: "case",
    names: ["letter_case", "casing"],
    schema: oneOf("original", "upper", "lower"),
    description: "Letter case of the result.",
    applies: isLookup,
    on: "text",
    code: (name) =>
      `if (${name} !== "original") $text = ${name} === "upper" ? $text.toUpperCase() : $text.toLowerCase();`,
    python: (name) => [
      `${name} != "original"`,
      `_text = _text.upper() if ${name} == "upper" else _text.lower()`,
    ],
  },
  {
    effect: "ascii",
    names: ["strip_accents", "plain_letters"],
    schema: off,
    description: "Replace accented letters by plain ones.",
    applies: isLookup,
    on: "text",
    code: (name) => `if (${name}) $text = $text.normalize("NFKD").replace(/[\\u0300-\\u036f]/g, "");`,
    python: (name) => [
      name,
      '_text = "".join([_one for _one in unicodedata.normalize("NFKD", _text) if not "\\u0300" <= _one <= "\\u036f"])',
    ],
  },
  {
    effect: "grouping",
    names: ["digit_grouping", "thousands"],
    schema: oneOf("none", "space"),
    description: "How digits of whole numbers are grouped.",
    applies: always,
    on: "text",
    code: (name) =>
      `if (${name} === "space" && /^-?\\d+$/.test($text)) $text = $text.replace(/\\B(?=(\\d{3})+$)/g, " ");`,
    python: (name) => [
      `${name} == "space" and re.fullmatch("-?[0-9]+", _text)`,
      `_text = re.sub("\\\\B(?=([0-9]{3})+$)", " ", _text)`,
    ],
  },
  {
    effect: "truncate",
    names: ["max_characters", "max_length"],
    schema: { type: "integer", minimum: 10, maximum: 500, default: 500 },
    description: "Longest result, in characters.",
    applies: isLookup,
    on: "text",
    code: (name) => `$text = $text.slice(0, ${name});`,
    python: (name) => [`len(_text) > ${name}`, `_text = _text[:int(${name})]`],
  },
  {
    effect: "unit",
    names: ["include_unit", "with_unit"],
    schema: off,
    description: "Write the unit behind the value.",
    applies: (draft) => isLookup(draft) && hasUnit(draft),
    on: "text",
    code: (name, { unit }) => `if (${name}) $text += ${JSON.stringify(` ${unit}`)};`,
    python: (name, { unit }) => [name, `_text = _text + ${JSON.stringify(` ${unit}`)}`],
  },
  {
    effect: "width",
    names: ["min_width", "pad_to"],
    schema: { type: "integer", minimum: 0, maximum: 80, default: 0 },
    description: "Pad the result on the left to this width.",
    applies: isCalculator,
    on: "text",
    code: (name) => `$text = $text.padStart(${name});`,
    python: (name) => [`len(_text) < ${name}`, `_text = _text.rjust(int(${name}))`],
  },
  {
    effect: "label",
    names: ["show_label", "with_label"],
    schema: off,
    description: "Write what the value is before it.",
    applies: always,
    on: "text",
    code: (name) => `if (${name}) $text = $field + ": " + $text;`,
    python: (name) => [name, '_text = _field + ": " + _text'],
  },
  {
    effect: "quote",
    names: ["quote_result", "in_quotes"],
    schema: off,
    description: "Put the result in quotation marks.",
    applies: always,
    on: "text",
    code: (name) => `if (${name}) $text = JSON.stringify($text);`,
    python: (name) => [name, "_text = json.dumps(_text, ensure_ascii=False)"],
  },
  {
    effect: "cite",
    names: ["cite_source", "include_source"],
    schema: off,
    description: "Name the data source behind the result.",
    applies: isLookup,
    on: "text",
    code: (name, { source }) => `if (${name}) $text += ${JSON.stringify(` (source: ${source})`)};`,
    python: (name, { source }) => [name, `_text = _text + ${JSON.stringify(` (source: ${source})`)}`],
  },
  {
    effect: "format",
    names: ["output_format", "style"],
    schema: oneOf("plain", "json"),
    description: "Plain text, or a JSON object.",
    applies: always,
    on: "text",
    code: (name) => `if (${name} === "json") $text = JSON.stringify({ [$field]: $text });`,
    python: (name) => [
      `${name} == "json"`,
      '_text = json.dumps({_field: _text}, ensure_ascii=False, separators=(",", ":"))',
    ],
  },
];

export const modifierRule = (effect: string): ModifierRule =>
  modifierRules.find((rule) => rule.effect === effect)!;

/** What a tool was expanded by that works on its value, or on its text, in order; for whoever writes it as code. */
export function modifiersOn(on: ModifierRule["on"], behaviour: LookupBehaviour | CalculateBehaviour) {
  const context: ModifierContext =
    behaviour.kind === "lookup"
      ? { unit: behaviour.unit ?? "", source: behaviour.source }
      : { unit: "", source: "" };
  return behaviour.modifiers
    .map(({ parameter, effect }) => ({ parameter, rule: modifierRule(effect), context }))
    .filter(({ rule }) => rule.on === on);
}
