/** Parameter expansion: optional parameters whose defaults leave the output as it was. */
import type { Random } from "../../random.ts";
import type { ToolDraft } from "../draft.ts";
import { modifierRules } from "./modifiers.ts";

/** Adds up to `level` of them, drawn by seed, in the table's order. */
export function expandParameters(
  draft: ToolDraft,
  level: number,
  random: Random,
): { draft: ToolDraft; level: number } {
  const applicable = modifierRules.filter((rule) => rule.applies(draft));
  const drawn = new Set(random.shuffle(applicable).slice(0, level));
  const chosen = applicable
    .filter((rule) => drawn.has(rule))
    .map((rule) => ({ rule, name: random.pick(rule.names) }));
  const { parameters } = draft.document;
  const added = chosen.map(
    ({ rule, name }) => [name, { ...rule.schema, description: rule.description }] as const,
  );
  return {
    draft: {
      ...draft,
      document: {
        ...draft.document,
        parameters: { ...parameters, properties: { ...parameters.properties, ...Object.fromEntries(added) } },
      },
      behaviour: {
        ...draft.behaviour,
        modifiers: chosen.map(({ rule, name }) => ({ parameter: name, effect: rule.effect })),
      },
    },
    level: chosen.length,
  };
}
