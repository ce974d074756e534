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

  it("go wrong in the members of lists, also of lists of objects, and in each one way alone", () => {
    const stop = {
      type: "object",
      properties: {
        place: { type: "string" },
        year: { type: "integer", minimum: 1900, maximum: 2100 },
        days: { type: "array", items: { type: "string", format: "date" }, minItems: 2, maxItems: 3 },
      },
      required: ["place"],
    };
    const subject = withTool(caseOf(chainCandidate), "get_money", ({ document }) => {
      const stops = { type: "array" as const, items: stop, minItems: 1, maxItems: 2 };
      const { parameters } = document;
      return {
        document: {
          ...document,
          parameters: {
            type: "object",
            properties: { ...parameters.properties, stops },
            required: [...parameters.required, "stops"],
          },
        },
      };
    });
    const calls = wrongCalls(subject).filter(({ tool }) => tool.document.name === "get_money");
    const firsts = calls.flatMap(({ given, kinds }) => {
      const [first] = (given.stops ?? []) as readonly JsonObject[];
      return first ? [{ first, kinds }] : [];
    });
    const tried = (member: string) =>
      firsts.flatMap(({ first, kinds }) => (typeof first === "object" ? [[first[member], kinds]] : []));
    const invalid = ["invalid_argument"];
    expect(firsts).toContainEqual({ first: sentinel, kinds: invalid });
    expect(tried(sentinel)).toContainEqual([sentinel, ["unknown_argument"]]);
    expect(tried("place")).toContainEqual([undefined, ["missing_argument"]]);
    expect(tried("place")).toContainEqual([null, ["invalid_argument", "missing_argument"]]);
    expect(tried("place")).toContainEqual(["", ["invalid_argument", "missing_argument", "not_found"]]);
    expect(tried("year")).toContainEqual([1899, invalid]);
    expect(tried("year")).toContainEqual([2101, invalid]);
    expect(tried("year").filter(([year]) => Number(year) % 1 === 0.5)).toHaveLength(1);
    const days = tried("days").map(([list, kinds]) => [Array.isArray(list) ? list.length : list, kinds]);
    expect(days).toContainEqual([1, invalid]);
    expect(days).toContainEqual([4, invalid]);
    const malformed = tried("days").filter(([list]) => Array.isArray(list) && list[0] === "2021-13-45");
    expect(malformed).toEqual([
      [
        ["2021-13-45", expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/)],
        ["invalid_argument", "not_found"],
      ],
    ]);
    const lengths = calls.flatMap(({ given }) => (Array.isArray(given.stops) ? [given.stops.length] : []));
    expect(new Set(lengths)).toEqual(new Set([0, 1, 3]));
  });
});
