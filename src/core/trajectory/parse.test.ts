import { describe, expect, it } from "vitest";
import { parseBareCalls, parseToolCalls, responseText } from "./parse.ts";

const call = (name: string, json: string) =>
  `<tool_call>\n{"name": "${name}", "arguments": ${json}}\n</tool_call>`;
const names = (response: string) => parseToolCalls(response).map(({ name }) => name);

describe("parseToolCalls", () => {
  it("reads a call and keeps its arguments as they were written", () => {
    expect(parseToolCalls(`I will look.\n${call("area", '{"km2": 1.0, "of": "Perú"}')}<|im_end|>`)).toEqual([
      { name: "area", arguments: { km2: 1, of: "Perú" }, argumentsText: '{"km2": 1.0, "of": "Perú"}' },
    ]);
  });

  it("reads several calls in order, with only white space between them", () => {
    expect(names(`${call("a", "{}")}\n\n${call("b", "{}")}${call("a", "{}")}`)).toEqual(["a", "b", "a"]);
  });

  it("needs no closing tag on the last call", () => {
    expect(names('<tool_call>{"name": "a", "arguments": {}}')).toEqual(["a"]);
  });

  it("loses a call that prose precedes within the calls", () => {
    expect(names(`${call("a", "{}")} and then ${call("b", "{}")}`)).toEqual(["a"]);
  });

  it("loses a call that lacks its closing tag, and the one after it", () => {
    expect(names(`<tool_call>{"name": "a", "arguments": {}}\n${call("b", "{}")}${call("c", "{}")}`)).toEqual([
      "c",
    ]);
  });

  it("strips the opening tag as a set of characters, as Python's lstrip does", () => {
    expect(names('<tool_call><tool_call>tool{"name": "a", "arguments": {}}</tool_call>')).toEqual(["a"]);
  });

  it("reads arguments given as a JSON string", () => {
    expect(parseToolCalls(call("a", '"{\\"x\\": 2.0}"'))).toEqual([
      { name: "a", arguments: { x: 2 }, argumentsText: '{"x": 2.0}' },
    ]);
  });

  it("counts a call whose argument string holds no object, with null arguments", () => {
    expect(parseToolCalls(call("a", '"[1]"'))).toEqual([
      { name: "a", arguments: null, argumentsText: "[1]" },
    ]);
  });

  it("takes NaN and true for names, as Python finds them true, but for no tool's", () => {
    expect(names('<tool_call>{"name": NaN, "arguments": {}}</tool_call>')).toEqual(["NaN"]);
    expect(names('<tool_call>{"name": true, "arguments": {}}</tool_call>')).toEqual(["True"]);
  });

  it.each([
    ["no JSON", "<tool_call>not json</tool_call>"],
    ["Python's quotes", "<tool_call>{'name': 'a', 'arguments': {}}</tool_call>"],
    ["no name", '<tool_call>{"arguments": {}}</tool_call>'],
    ["an empty name", '<tool_call>{"name": "", "arguments": {}}</tool_call>'],
    ["no arguments", '<tool_call>{"name": "a"}</tool_call>'],
    ["arguments that are a list", '<tool_call>{"name": "a", "arguments": []}</tool_call>'],
    ["arguments that are a number", '<tool_call>{"name": "a", "arguments": 3}</tool_call>'],
    ["an argument string that is no JSON", '<tool_call>{"name": "a", "arguments": "x"}</tool_call>'],
    ["a list of calls", '<tool_call>[{"name": "a", "arguments": {}}]</tool_call>'],
    ["text after the object", '<tool_call>{"name": "a", "arguments": {}} ok</tool_call>'],
    ["a closing tag alone", "</tool_call>"],
  ])("takes a block with %s for no call", (_, response) => {
    expect(parseToolCalls(response)).toEqual([]);
  });
});

describe("parseBareCalls", () => {
  const bare = (name: string, json: string) => `{"name": "${name}", "parameters": ${json}}`;

  it("reads a call that is the whole response, or all of it after <|python_tag|>", () => {
    const read = [
      { name: "area", arguments: { km2: 1, of: "a;b}" }, argumentsText: '{"km2": 1.0, "of": "a;b}"}' },
    ];
    const said = bare("area", '{"km2": 1.0, "of": "a;b}"}');
    expect(parseBareCalls(`\n ${said} `)).toEqual(read);
    expect(parseBareCalls(`<|python_tag|>${said}`)).toEqual(read);
    expect(parseBareCalls(`I will look.<|python_tag|>\n${said}`)).toEqual(read);
    expect(parseBareCalls(said.replace("{", '{"type": "function", '))).toEqual(read);
  });

  it("reads several between semicolons, in order", () => {
    const said = `${bare("a", '{"x": "; {"}')}; ${bare("b", "{}")};${bare("a", "{}")}`;
    expect(parseBareCalls(said).map(({ name }) => name)).toEqual(["a", "b", "a"]);
  });

  it.each([
    ["prose before the object", `I will look. ${bare("a", "{}")}`],
    ["prose after it", `${bare("a", "{}")} and now?`],
    ["an object that is cut off", bare("a", "{}").slice(0, -1)],
    ["a second that cannot be read", `${bare("a", "{}")}; {"name": "b"}`],
    ["a semicolon after the last", `${bare("a", "{}")};`],
    ["nothing between them", bare("a", "{}") + bare("b", "{}")],
    ["Qwen's name for parameters", '{"name": "a", "arguments": {}}'],
    ["a list of calls", `[${bare("a", "{}")}]`],
    ["Qwen's tags", `<tool_call>${bare("a", "{}")}</tool_call>`],
    ["the call of a built-in tool", '<|python_tag|>search.call(query="x")'],
    ["nothing", ""],
  ])("takes a response with %s for none", (_, response) => {
    expect(parseBareCalls(response)).toEqual([]);
  });
});

describe("responseText", () => {
  it("takes off one end-of-text and one end-of-turn token, in that order", () => {
    expect(responseText(" Oslo <|im_end|>\n<|endoftext|>\n")).toBe("Oslo");
    expect(responseText("Oslo<|endoftext|><|im_end|>")).toBe("Oslo<|endoftext|>");
  });
});
