import { describe, expect, it } from "vitest";
import { caseOf, chainCandidate, withTool } from "../../../tests/support/small-world.ts";
import type { JsonObject } from "../json.ts";
import { sentinel } from "./arguments.ts";
import { wrongCalls } from "./wrong-calls.ts";

describe("wrong calls", () => {
  it("go wrong at every level, also inside an object that an optional object may hold", () => {
    const level = (name: string, of: JsonObject) => ({
      type: "object" as const,
      properties: { [name]: of },
      required: [],
      default: {},
    });
    const options = level("layout", level("margins", { type: "integer", minimum: 0, default: 0 }));
    const subject = withTool(caseOf(chainCandidate), "get_money", ({ document }) => {
      const properties = { ...document.parameters.properties, options };
      return { document: { ...document, parameters: { ...document.parameters, properties } } };
    });
    const inner = wrongCalls(subject).flatMap(({ tool, given, kinds }) => {
      const { layout } = (given.options ?? {}) as { layout?: JsonObject };
      return tool.document.name === "get_money" && layout ? [{ layout, kinds }] : [];
    });
    const unknown = inner.filter(({ layout }) => layout[sentinel] !== undefined);
    expect(unknown.map(({ kinds }) => kinds)).toEqual([["unknown_argument"]]);
    expect(inner).toContainEqual({ layout: { margins: -1 }, kinds: ["invalid_argument"] });
    expect(inner).toContainEqual({ layout: { margins: sentinel }, kinds: ["invalid_argument"] });
  });
});
