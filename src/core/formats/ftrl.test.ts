import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Environment, Tool } from "../environment/environment.ts";
import { promptMessages } from "../environment/prompt.ts";
import { importFtrlRow } from "./ftrl.ts";
import { exportFtrlRow } from "./ftrl-export.ts";

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

  describe("where it was changed since, the row with what differs alone written anew:", () => {
    /** Members that nobody reads, numbers that no double holds or tells apart, and one of a list that is a number. */
    const row = [
      '{"id": 9007199254740993, "messages": [{"role": "system", "content": "Be brief."},',
      '{"role": "user", "content": "Which sea?", "weight": 1.0}],',
      String.raw`"tools": "[{\"type\": \"function\", \"function\": {\"name\": \"find\", \"description\": \"Finds.\", \"strict\": true,`,
      String.raw`\"parameters\": {\"type\": \"object\", \"properties\": {\"depth\": {\"type\": \"number\", \"default\": 1.0}}, \"required\": []}}},`,
      String.raw`{\"type\": \"function\", \"function\": {\"name\": \"no-code\", \"description\": \"Idles.\"}}]",`,
      String.raw`"codes": "{\"find\": \"def find(depth=1.0): pass\", \"left\": \"over\"}",`,
      String.raw`"unsolved_set": "{\"find\": [\"Red Sea\", 1.0], \"no-code\": []}",`,
      '"solve_rate": 1.0, "answer": "Red Sea"}',
    ].join(" ");
    const imported = importFtrlRow(row, "row");
    const [find, idle] = imported.tools as [Tool, Tool];
    const described = (tool: Tool, description: string): Tool => ({
      ...tool,
      document: { ...tool.document, description },
    });
    const subQuestions = imported.subQuestions.map((sub, i) =>
      i === 0 ? { ...sub, answer: "Black Sea" } : sub,
    );

    it.each<[string, Partial<Environment>, readonly (readonly [string, string])[]]>([
      ["nothing of the row", { referenceCalls: [{ subQuestion: "q1", tool: "find", arguments: {} }] }, []],
      ["the answer", { answer: "Black Sea" }, [['"answer": "Red Sea"', '"answer": "Black Sea"']]],
      [
        "a sub-answer",
        { subQuestions },
        [[String.raw`[\"Red Sea\", 1.0]`, String.raw`[\"Black Sea\", 1.0]`]],
      ],
      ["the question", { question: "Which ocean?" }, [["Which sea?", "Which ocean?"]]],
      ["a tool's document", { tools: [described(find, "Seeks."), idle] }, [["Finds.", "Seeks."]]],
      [
        "a tool's code",
        { tools: [{ ...find, code: "def find(depth=2): pass" }, idle] },
        [["def find(depth=1.0): pass", "def find(depth=2): pass"]],
      ],
      [
        "what the row left to be understood",
        { split: "train", scenario: "single_hop" },
        [['"answer": "Red Sea"', '"answer": "Red Sea", "data_source": "self/single_hop", "split": "train"']],
      ],
    ])("%s", (_, changes, replaced) => {
      const expected = replaced.reduce((text, [before, after]) => text.replace(before, after), row);
      expect(exportFtrlRow({ ...imported, ...changes })).toBe(expected);
    });

    it("a tool fewer", () => {
      const exported = exportFtrlRow({ ...imported, tools: [find] });
      const { tools, codes } = JSON.parse(exported) as Record<string, string>;
      expect(tools).toMatch(/^\[\{"type": "function".*"strict": true,.*"default": 1\.0.*\}\]$/);
      expect(tools).not.toContain("no-code");
      expect(JSON.parse(codes!)).toEqual({ find: "def find(depth=1.0): pass", left: "over" });
      expect(exported).toContain('"id": 9007199254740993');
    });

    it("a question that follows FTRL's instruction, or stands in a part of its own", () => {
      const [, , , published] = rows;
      const instructed = importFtrlRow(published!, "row");
      const question = "Which ocean?";
      expect(exportFtrlRow({ ...instructed, question })).toBe(
        published!.replace(JSON.stringify(instructed.question).slice(1, -1), question),
      );
      const content = [{ type: "text", text: "Which sea?", cache: 1 }];
      const parts = rowText({ messages: [{ role: "user", content }] });
      expect(exportFtrlRow({ ...importFtrlRow(parts, "row"), question })).toBe(
        parts.replace("Which sea?", question),
      );
    });
  });

  it("unless a tool of it is no Python function alone", () => {
    const imported = importFtrlRow(rowText(), "row");
    const tools = imported.tools.map((tool) => ({ ...tool, runtime: "javascript" as const }));
    expect(() => exportFtrlRow({ ...imported, tools })).toThrow(
      "tool 'find' is javascript; FTRL's rows hold",
    );
  });
});
