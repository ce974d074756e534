import { describe, expect, it } from "vitest";
import type { Json } from "../json.ts";
import { seededRandom } from "../random.ts";
import { garbageArguments, plausibleArguments, type Schema, withinLimits } from "./arguments.ts";

/** What 200 draws give for one required argument. */
function drawn(schema: Schema): Json[] {
  const random = seededRandom(1);
  const parameters = { type: "object" as const, properties: { a: { ...schema } }, required: ["a"] };
  return Array.from({ length: 200 }, () => garbageArguments(parameters, random).a!);
}
const numbers = (schema: Schema) => drawn(schema) as number[];

describe("garbage that fits a schema", () => {
  it("is within limits of numbers, whichever of them are drawn", () => {
    for (const value of numbers({ type: "number", minimum: 0, maximum: 1 })) {
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(1);
    }
    for (const value of numbers({ type: "integer", minimum: 0.5, maximum: 3.2 }))
      expect([1, 2, 3]).toContain(value);
    for (const value of numbers({ type: "integer", minimum: 1_000_000 }))
      expect(value).toBeGreaterThanOrEqual(1_000_000);
    for (const value of numbers({ type: "number", maximum: -5 })) expect(value).toBeLessThanOrEqual(-5);
  });

  it("is a text as long as it has to be and no longer than it may be", () => {
    const lengths = (schema: Schema) => new Set(drawn(schema).map((value) => String(value).length));
    expect(lengths({ type: "string", minLength: 12 })).toEqual(new Set([12]));
    expect(lengths({ type: "string", maxLength: 3 })).toEqual(new Set([3]));
  });

  it("is a list of as many members as are allowed", () => {
    const items = { type: "boolean" };
    const lengths = (limits: Schema) =>
      new Set(drawn({ type: "array", items, ...limits }).map((value) => (value as Json[]).length));
    expect(lengths({ minItems: 3, maxItems: 5 })).toEqual(new Set([3]));
    expect(lengths({ maxItems: 0 })).toEqual(new Set([0]));
  });
});

it("what is plausible for a list is one, two or all of the names, as many as it may have", () => {
  const lists = (limits: Schema) => {
    const properties = { a: { type: "array", items: { type: "string" }, ...limits } };
    const parameters = { type: "object" as const, properties, required: ["a"] };
    return plausibleArguments(parameters, ["x", "y", "z"], [], 100).map(({ a }) => (a as string[]).join(""));
  };
  expect(lists({})).toEqual(["x", "y", "z", "xy", "xz", "yx", "yz", "zx", "zy", "xyz"]);
  expect(lists({ minItems: 2, maxItems: 2 })).toEqual(["xy", "xz", "yx", "yz", "zx", "zy"]);
  expect(lists({ minItems: 3 })).toEqual(["xyz"]);
});

it("what is plausible for a list of numbers is two or all of them, whole ones too", () => {
  const lists = (type: string) => {
    const properties = { a: { type: "array", items: { type } } };
    const parameters = { type: "object" as const, properties, required: ["a"] };
    return plausibleArguments(parameters, [], [3, 5], 100).map(({ a }) => (a as number[]).join());
  };
  for (const type of ["number", "integer"]) expect(lists(type)).toEqual(["3,5", "5,3", "3,5"]);
});

it("a number is brought within limits, whole where the schema wants whole numbers", () => {
  const limits = { minimum: 0.5, maximum: 2.7 };
  expect([-3, 2.6, 9].map((value) => withinLimits(value, { type: "integer", ...limits }))).toEqual([1, 2, 2]);
  expect([-3, 2.6, 9].map((value) => withinLimits(value, { type: "number", ...limits }))).toEqual([
    0.5, 2.6, 2.7,
  ]);
  expect(withinLimits(-3.4, { type: "integer" })).toBe(-3);
});
