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
