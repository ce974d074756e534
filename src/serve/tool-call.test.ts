import { expect, it } from "vitest";
import { readToolCall } from "./tool-call.ts";

it("may leave out arguments, which are none then, in either form", () => {
  expect(readToolCall({ name: "list_all" })).toEqual({ name: "list_all", given: {} });
  expect(readToolCall({ id: "c1", function: { name: "list_all" } })).toEqual({
    id: "c1",
    name: "list_all",
    given: {},
  });
});

it.each([
  ['{"x": NaN, "y": [-Infinity]}', { x: Number.NaN, y: [Number.NEGATIVE_INFINITY] }],
  ["1.0", 1],
])("has arguments as text read as training reads them, and keeps the text: %s", (text, given) => {
  expect(readToolCall({ name: "plot", arguments: text })).toEqual({ name: "plot", given, text });
});

it("has text that is no JSON stay text, for the tool to refuse", () => {
  expect(readToolCall({ name: "plot", arguments: "{x: 1}" })).toEqual({ name: "plot", given: "{x: 1}" });
});

it("has text that nests too deep for Python read as well, to be refused by that", () => {
  const text = `${"[".repeat(2_000)}${"]".repeat(2_000)}`;
  expect(readToolCall({ name: "plot", arguments: text })).toMatchObject({ given: expect.any(Array), text });
});
