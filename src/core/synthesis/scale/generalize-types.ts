/**
 * Parameter-type generalization: scalars become arrays and objects. The reference calls are rewritten with them, so
 * that they say the same thing.
 */
import type { ToolDocument } from "../../environment/environment.ts";
import { canonicalJson } from "../../json.ts";
import type { Random } from "../../random.ts";
import { type CalculateBehaviour, type LookupBehaviour, mapCalls, type ToolDraft } from "../draft.ts";

type Parameters = ToolDocument["parameters"];

type Change = (draft: ToolDraft) => ToolDraft | undefined;

/**
 * At level 2 options mostly stay side by side: FTRL's tools have 7 parameters each, of which one in 24 is an object. With
 * one chance in eight ours show 6.6, and 7.2 with those in objects counted.
 */
const optionsTogether = { 1: 0.5, 2: 0.125 } as const;

/** At level 1 operands become an array and options an object; at level 2 keys and selectors may change type too. */
export function generalizeTypes(
  draft: ToolDraft,
  level: 0 | 1 | 2,
  random: Random,
): { draft: ToolDraft; level: number } {
  const changes: (readonly [Change, number])[] = [];
  if (level >= 1) changes.push([operandsToArray, 0.5], [optionsToObject, optionsTogether[level as 1 | 2]]);
  if (level === 2) changes.push([keyToObject, 0.5], [selectorToArray, 0.5]);
  let changed = draft;
  let count = 0;
  for (const [change, chance] of changes) {
    const next = random.next() < chance ? change(changed) : undefined;
    if (!next) continue;
    changed = next;
    count++;
  }
  return { draft: changed, level: count };
}

/** `a`, `b` become `numbers`: [a, b]; operands that come first stay as they are. */
function operandsToArray(draft: ToolDraft): ToolDraft | undefined {
  const behaviour = draft.behaviour as CalculateBehaviour;
  if (behaviour.kind !== "calculate" || "array" in behaviour.operands) return undefined;
  const operands = behaviour.operands as readonly string[];
  if (operands.length < 2) return undefined;
  const { parameters } = draft.document;
  const { default: _, ...items } = parameters.properties[operands[0]!]!;
  const array = items.format === "date" ? "dates" : "numbers";
  const least = operands.filter((name) => parameters.required.includes(name)).length;
  const listed = {
    type: "array",
    items,
    minItems: least,
    maxItems: items.format === "date" ? operands.length : Math.max(10, operands.length),
  };
  return {
    ...withParameters(draft, {
      type: "object",
      properties: { [array]: listed, ...omit(parameters.properties, operands) },
      required: [array, ...behaviour.first],
    }),
    behaviour: { ...behaviour, operands: { array } },
    calls: mapCalls(draft.calls, (call) => ({
      ...omit(call, operands),
      [array]: { list: operands.flatMap((name) => call[name] ?? []) },
    })),
  };
}

/** The optional parameters move into one object, `options`. Reference calls set none of them. */
function optionsToObject(draft: ToolDraft): ToolDraft | undefined {
  const names = draft.behaviour.modifiers.map(({ parameter }) => parameter);
  if (names.length < 2) return undefined;
  const { parameters } = draft.document;
  const options = {
    type: "object",
    description: "How the result is written.",
    properties: Object.fromEntries(names.map((name) => [name, parameters.properties[name]!])),
    required: [],
    default: {},
  };
  const changed = withParameters(draft, {
    ...parameters,
    properties: { ...omit(parameters.properties, names), options },
  });
  return { ...changed, behaviour: { ...draft.behaviour, modifiersIn: "options" } };
}

/** `country`: "France" becomes `target`: { country: "France" }. */
function keyToObject(draft: ToolDraft): ToolDraft | undefined {
  const { behaviour, document } = draft;
  if (behaviour.kind !== "lookup" || behaviour.key.length > 1) return undefined;
  const key = behaviour.key[0]!;
  const { properties, required } = document.parameters;
  const target = {
    type: "object",
    properties: { [key]: properties[key]! },
    required: [key],
  };
  return {
    ...withParameters(draft, {
      type: "object",
      properties: { target, ...omit(properties, [key]) },
      required: ["target", ...required.filter((name) => name !== key)],
    }),
    behaviour: { ...behaviour, key: ["target", key] },
    calls: mapCalls(draft.calls, ({ [key]: value, ...rest }) => ({
      target: { object: { [key]: value! } },
      ...rest,
    })),
  };
}

/**
 * The selector takes a list of at most 2 fields: more would let one call read a whole row. One that owns two fields of a
 * row keeps to a field a call, or a single call would give what the plan asks for in two.
 */
function selectorToArray(draft: ToolDraft): ToolDraft | undefined {
  const behaviour = draft.behaviour as LookupBehaviour;
  if (behaviour.kind !== "lookup" || !behaviour.selector || behaviour.selector.many) return undefined;
  const { parameter } = behaviour.selector;
  const asked = Object.values(draft.calls).map((call) => canonicalJson(omit(call, [parameter])));
  if (new Set(asked).size < asked.length) return undefined;
  const { properties } = draft.document.parameters;
  const items = properties[parameter]!;
  return {
    ...withParameters(draft, {
      ...draft.document.parameters,
      properties: { ...properties, [parameter]: { type: "array", items, minItems: 1, maxItems: 2 } },
    }),
    behaviour: { ...behaviour, selector: { parameter, many: true } },
    calls: mapCalls(draft.calls, (call) => ({ ...call, [parameter]: { list: [call[parameter]!] } })),
  };
}

const withParameters = (draft: ToolDraft, parameters: Parameters): ToolDraft => ({
  ...draft,
  document: { ...draft.document, parameters },
});

const omit = <T>(members: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> =>
  Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name)));
