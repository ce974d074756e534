import { describe, expect, it } from "vitest";
import { createVmSandbox } from "../../../../tests/support/vm-sandbox.ts";
import type { Json } from "../../json.ts";
import { javascriptOf } from "../deploy/javascript.ts";
import type { ToolDraft } from "../draft.ts";
import { modifierRule, modifierRules } from "./modifiers.ts";

/** A lookup of some fields, whose first has a unit, with one optional parameter. */
function lookUp(effect: string, fields: readonly string[]): ToolDraft {
  const { schema, names } = modifierRule(effect);
  return {
    document: {
      name: "look",
      description: "Looks.",
      parameters: {
        type: "object",
        properties: { key: { type: "string" }, [names[0]!]: { ...schema } },
        required: ["key"],
      },
    },
    behaviour: {
      kind: "lookup",
      subject: "s",
      key: ["key"],
      fields,
      unit: "ft",
      source: "atlas",
      modifiers: [{ parameter: names[0]!, effect }],
    },
    cards: [],
    calls: {},
  };
}

/** What it gives for a value when the parameter is set. */
async function shown(effect: string, value: Json, setting: Json): Promise<string> {
  const draft = lookUp(effect, ["height"]);
  const { names } = modifierRule(effect);
  const program = {
    name: "look",
    runtime: "javascript",
    code: javascriptOf(draft),
    table: { aliases: {}, rows: { k: { height: value } } },
  } as const;
  const [outcome] = await createVmSandbox().run([{ program, arguments: { key: "k", [names[0]!]: setting } }]);
  return outcome!.text;
}

describe("every optional parameter is real", () => {
  const cases: readonly [effect: string, value: Json, setting: Json, expected: string][] = [
    ["round", 12.3456, 2, "12.35"],
    ["absolute", -7, true, "7"],
    ["case", "Fribourg", "upper", "FRIBOURG"],
    ["ascii", "Zürich", true, "Zurich"],
    ["grouping", 1234567, "space", "1 234 567"],
    ["truncate", "twelve characters", 10, "twelve cha"],
    ["unit", 300, true, "300 ft"],
    ["width", 42, 5, "   42"],
    ["label", 300, true, "height: 300"],
    ["quote", "Bern", true, '"Bern"'],
    ["cite", "Bern", true, "Bern (source: atlas)"],
    ["format", "Bern", "json", '{"height":"Bern"}'],
  ];

  it.each(cases)("%s changes the output when it is set", async (effect, value, setting, expected) => {
    expect(await shown(effect, value, setting)).toBe(expected);
  });

  it("a unit is written by tools of one field alone: that of heights would stand behind names", () => {
    const { applies } = modifierRule("unit");
    expect(applies(lookUp("unit", ["height"]))).toBe(true);
    expect(applies(lookUp("unit", ["height", "name"]))).toBe(false);
  });

  it("and no rule is left out above", () => {
    expect(cases.map(([effect]) => effect)).toEqual(modifierRules.map(({ effect }) => effect));
  });
});
