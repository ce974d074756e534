import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { promptMessages } from "../environment/prompt.ts";
import { exportFtrlRow, importFtrlRow } from "./ftrl.ts";

const rows = readFileSync(new URL("../../../tests/fixtures/ftrl_rows.jsonl", import.meta.url), "utf8")
  .trimEnd()
  .split("\n");

/** A small row with one field changed or, with undefined, left out. */
function rowText(changes: Record<string, unknown> = {}): string {
  const document = {
    name: "find",
    description: "Finds.",
    parameters: { type: "object", properties: { what: { type: "string" } }, required: ["what"] },
  };
  return JSON.stringify({
    messages: [{ role: "user", content: "Which sea?" }],
    tools: JSON.stringify([{ type: "function", function: document }]),
    codes: JSON.stringify({ find: "def find(what):\n    return 'Red Sea'" }),
    unsolved_set: JSON.stringify({ find: ["Red Sea"] }),
    solve_rate: 0,
    data_source: "self/single_hop",
    split: "train",
    answer: "Red Sea",
    ...changes,
  });
}

it.each([
  [{ answer: true }, "field 'answer': is neither text nor a number"],
  [{ answer: undefined }, "field 'answer': is neither text nor a number"],
  [
    { unsolved_set: JSON.stringify({ find: [null] }) },
    "field 'unsolved_set.find': is neither an answer nor a list of answers, each of them text or a number",
  ],
  [
    { messages: [{ role: "user", content: null }] },
    "field 'messages.0.content': is neither text nor a list of parts that are text",
  ],
])("a row of FTRL's that is wrong is refused by its field, and what it should be: %j", (changes, refusal) => {
  expect(() => importFtrlRow(rowText(changes), "row")).toThrow(`row: ${refusal}; `);
});

describe("a row of FTRL's becomes an environment", () => {
  it("whose prompt is the row's, word for word", () => {
    for (const row of rows) {
      const { messages } = JSON.parse(row) as { messages: unknown };
      expect(promptMessages(importFtrlRow(row, "row"))).toEqual(messages);
    }
  });

  it("with its sub-answers under the tools that own them, and nothing guessed", () => {
    const imported = importFtrlRow(rows[1]!, "row");
    expect(imported).toMatchObject({
      scenario: "multi_hop",
      profile: "ftrl",
      split: "test",
      answer: "363",
      composition: { kind: "stated" },
      referenceCalls: [],
    });
    expect(imported.subQuestions).toEqual([
      {
        id: "q1",
        question: "",
        dependsOn: [],
        tool: "historical_event_locator",
        answer: "Iraq",
        answerType: "string",
      },
      {
        id: "q2",
        question: "",
        dependsOn: [],
        tool: "average_altitude_calculator",
        answer: "363 meters",
        answerType: "string",
      },
    ]);
  });

  it("whose tools are Python, distractors where they owe nothing", () => {
    const { tools } = importFtrlRow(rows[0]!, "row");
    expect(tools.map(({ runtime, distractor }) => `${runtime} ${distractor}`).sort()).toEqual([
      "python false",
      "python true",
      "python true",
      "python true",
      "python true",
    ]);
    expect(tools.find(({ distractor }) => !distractor)?.document.name).toBe("corporate_event_finder");
  });

  it.each([
    ["codes", { codes: "{}" }, "rows.jsonl line 7: field 'codes': lacks the tool 'find', which owes"],
    [
      "tools",
      { tools: '[{"function": {"name": "sea.find", "description": "Finds."}}]' },
      "field 'tools.0.function.name': is no tool's name: letters, digits, '_' and '-' alone",
    ],
    ["tools", { tools: "[" }, "field 'tools': is no JSON text"],
    ["unsolved_set", { unsolved_set: "{}" }, "field 'unsolved_set': is empty"],
    ["unsolved_set", { unsolved_set: '{"other": ["x"]}' }, "names 'other', which is not among the tools"],
    ["messages", { messages: [{ role: "system", content: "x" }] }, "no message has the role 'user'"],
    ["answer", { answer: undefined }, "field 'answer'"],
  ])("unless '%s' says too little", (_, changes, message) => {
    expect(() => importFtrlRow(rowText(changes), "rows.jsonl line 7")).toThrow(message);
  });

  it.each([
    ["a number as answer", { answer: 363 }, { answer: "363" }],
    [
      "a message in parts",
      { messages: [{ role: "user", content: [{ type: "text", text: "Which sea?" }] }] },
      { question: "Which sea?" },
    ],
    [
      "an answer without its list",
      { unsolved_set: '{"find": "Red Sea"}' },
      { subQuestions: [{ answer: "Red Sea" }] },
    ],
    [
      "a tool without parameters",
      { tools: '[{"function": {"name": "find", "description": "Finds."}}]' },
      { tools: [{ document: { parameters: { properties: {}, required: [] } } }] },
    ],
    [
      "a distractor without code",
      {
        tools:
          '[{"function": {"name": "find", "description": "Finds."}}, {"function": {"name": "no-code", "description": "Finds."}}]',
      },
      { tools: [{ distractor: false }, { distractor: true, code: expect.stringContaining("KeyError") }] },
    ],
  ])("from %s as well, and goes back as it came", (_, changes, expected) => {
    const row = rowText(changes);
    const imported = importFtrlRow(row, "row");
    expect(imported).toMatchObject(expected);
    expect(exportFtrlRow(imported)).toBe(row);
  });

  it("unless it is no JSON", () => {
    expect(() => importFtrlRow("{", "rows.jsonl line 7")).toThrow("rows.jsonl line 7: is no JSON");
  });
});

describe("an environment becomes a row of FTRL's", () => {
  it("the very bytes it was imported from", () => {
    for (const row of rows) expect(exportFtrlRow(importFtrlRow(row, "row"))).toBe(row);
  });

  it("whatever fields the row has, spaced and numbered as they were", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(3), (extra, indent) => {
        const row = rowText();
        const known = JSON.parse(row) as object;
        const text = JSON.stringify({ ...extra, ...known }, null, indent).replace(
          '"solve_rate": 0',
          '"solve_rate": 0.0',
        );
        expect(exportFtrlRow(importFtrlRow(text, "row"))).toBe(text);
      }),
    );
  });

  it("written anew where it was changed since, with the fields that only the row has", () => {
    const imported = importFtrlRow(rowText({ note: 12 }), "row");
    const row = JSON.parse(exportFtrlRow({ ...imported, answer: "Black Sea" })) as Record<string, unknown>;
    expect(row).toMatchObject({ note: 12, answer: "Black Sea", unsolved_set: '{"find":["Red Sea"]}' });
  });

  it("unless a tool of it is no Python function alone", () => {
    const imported = importFtrlRow(rowText(), "row");
    const tools = imported.tools.map((tool) => ({ ...tool, runtime: "javascript" as const }));
    expect(() => exportFtrlRow({ ...imported, tools })).toThrow(
      "tool 'find' is javascript; FTRL's rows hold",
    );
  });
});
