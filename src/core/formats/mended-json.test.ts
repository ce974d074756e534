import fc from "fast-check";
import { expect, it } from "vitest";
import { canonicalJson, type Json } from "../json.ts";
import { readJson } from "../trajectory/json-source.ts";
import { jsonItems, mendedJson, withMembers } from "./mended-json.ts";

it.each<[string, string, Json, Json, string]>([
  ["nothing differs", '{ "a": 1.0 }', { a: 1 }, { a: 1 }, '{ "a": 1.0 }'],
  [
    "one member differs",
    '{"id": 9007199254740993, "a": "x",\n "b": [1.0, 2.0]}',
    { a: "x", b: [1, 2] },
    { a: "y", b: [1, 3] },
    '{"id": 9007199254740993, "a": "y",\n "b": [1.0, 3]}',
  ],
  ["a member came", '{"a": 1.0}', { a: 1 }, { a: 1, b: [] }, '{"a": 1.0, "b": []}'],
  ["a member came to none", "{ }", {}, { b: null }, '{"b": null}'],
  ["a member went", '{"a": 1, "b": 1.0}', { a: 1, b: 1 }, { b: 1 }, '{ "b": 1.0}'],
  ["the text says it twice", '{"a": 1, "a": 2}', { a: 2 }, { a: 3 }, '{"a": 3, "a": 3}'],
  ["what was not read is now said", '{"a": []}', {}, { a: ["x"] }, '{"a": ["x"]}'],
  ["a list has another length", "[1.0, 2]", [1, 2], [1], "[1]"],
  ["the text has another shape", '{"a": "x"}', { a: ["x"] }, { a: ["y"] }, '{"a": ["y"]}'],
])("where %s, the rest of the text stays as it is", (_, text, before, after, mended) => {
  expect(mendedJson(text, before, after)).toBe(mended);
});

it("says afterwards what it was made to say, whatever it said, however it was spaced", () => {
  const json = fc.jsonValue() as fc.Arbitrary<Json>;
  fc.assert(
    fc.property(json, json, fc.nat(3), (before, after, indent) => {
      const mended = mendedJson(JSON.stringify(before, null, indent), before, after);
      expect(canonicalJson(readJson(mended).value)).toBe(canonicalJson(after));
    }),
  );
});

it("members are set, added and removed by name, and items given as they are written", () => {
  const changes = new Map([
    ["a", "1.0"],
    ["b", null],
    ["c", "[]"],
  ]);
  expect(withMembers('{"a": 1, "b": 2, "z": 1e3}', changes)).toBe('{"a": 1.0, "z": 1e3, "c": []}');
  expect(jsonItems('[ 1.0, {"a": 2.0} ]')).toEqual(["1.0", '{"a": 2.0}']);
});
