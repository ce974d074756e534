/** Ways in which persons write look-ups, dates and numbers, which no gate may refuse, and what looks like them and is unsound. */
import { describe, expect, it } from "vitest";
import {
  date,
  file,
  founded,
  from,
  lookUp,
  mayors,
  number,
  people,
  places,
  refusalOf,
  row,
  rowsOf,
  type Step,
  type Tool,
  text,
  tool,
  value,
} from "../../../tests/support/hand-file.ts";
import type { Json } from "../json.ts";

const foundedOn = lookUp("founded_on", "row.founded");
const peopleOf = lookUp("people_of", "String(row.people)");
const months =
  '"January February March April May June July August September October November December".split(" ")';
const inWords = lookUp(
  "founded_in_words",
  `((parts) => Number(parts[2]) + " " + ${months}[parts[1] - 1] + " " + parts[0])(row.founded.split("-"))`,
);
const corufield = { place: value("Corufield") };

describe("a date", () => {
  it("may be said in words, or by its year alone, by a tool that takes its cell apart", async () => {
    const written = { tool: inWords, given: corufield, answer: "20 July 1969" };
    expect(await refusalOf(file("When was Corufield founded, in words?", [written]))).toBeUndefined();
    const year = { tool: lookUp("founded_in", "row.founded.slice(0, 4)"), given: corufield, answer: "1969" };
    expect(await refusalOf(file("In which year was Corufield founded?", [year]))).toBeUndefined();
  });

  it.each([
    "20 July 1969",
    "the 20th of July 1969",
    "July 20th, 1969",
    "20 Jul 1969",
    "20.07.1969",
    "7/20/1969",
  ])("is asked about in a question that says %s", async (said) => {
    const events = rowsOf((i) => ({ event: `${mayors[i]} Fair` }));
    const rows = Object.fromEntries(Object.values(events.rows).map((one, i) => [founded[i]!, one]));
    const eventOn = tool(
      "event_on",
      { day: text },
      'const row = table.rows[day.trim()] ?? fail("not_found", "nothing then"); return row.event;',
    );
    const asked = { tool: eventOn, given: { day: value("1969-07-20") }, answer: "Carl Dunmore Fair" };
    const tables = { places: { aliases: {}, rows } };
    expect(await refusalOf(file(`What took place on ${said}?`, [asked], { tables }))).toBeUndefined();
  });

  const twoDates = (calculator: Tool, answer: string, type: "number" | "date" = "number"): Step[] => [
    { tool: foundedOn, given: { place: value("Braholm") }, answer: "1971-03-04", type: "date" },
    { tool: foundedOn, given: corufield, answer: "1969-07-20", type: "date" },
    {
      tool: calculator,
      given: { start: from("q1"), end: from("q2") },
      answer,
      type,
      needs: ["q1", "q2"],
    },
  ];
  const isDay =
    'const day = (one) => /^\\d{4}-\\d{2}-\\d{2}$/.test(one) && !Number.isNaN(Date.parse(one)) ? new Date(one).getTime() : fail("invalid_argument", "no date");';

  it("is reckoned with by Date, of what it is given", async () => {
    const between = tool(
      "days_between",
      { start: date, end: date },
      `${isDay} return String(Math.abs(day(end) - day(start)) / 86400000);`,
    );
    const question = "How many days lie between the foundings of Braholm and Corufield?";
    expect(await refusalOf(file(question, twoDates(between, "592")))).toBeUndefined();
  });

  it("some days earlier follows from its operands as one some days later does", async () => {
    const before = tool(
      "date_before",
      { start: date, days: { ...number, type: "integer" } },
      `${isDay} return new Date(day(start) - days * 86400000).toISOString().slice(0, 10);`,
    );
    const steps: Step[] = [
      { tool: foundedOn, given: corufield, answer: "1969-07-20", type: "date" },
      {
        tool: before,
        given: { start: from("q1"), days: value(30) },
        answer: "1969-06-20",
        type: "date",
        needs: ["q1"],
      },
    ];
    expect(
      await refusalOf(file("Which date is 30 days before Corufield was founded?", steps)),
    ).toBeUndefined();
  });

  it("is given away by a question and by a document that say it in words", async () => {
    const asked: Step = { tool: foundedOn, given: corufield, answer: "1969-07-20", type: "date" };
    expect(await refusalOf(file("When was Corufield, of July 20, 1969, founded?", [asked]))).toBe(
      "question-leak: '1969-07-20' stands in the question, written otherwise",
    );
    const document = { ...foundedOn.document, description: "A date such as 20 July 1969." };
    const telling = { ...asked, tool: { ...foundedOn, document } };
    expect(await refusalOf(file("When was Corufield founded?", [telling]))).toBe(
      "document-leak: founded_on: its document holds '1969-07-20'",
    );
  });
});

describe("a cell without a value", () => {
  const question = "What is Corufield called by those who live there?";
  it.each([
    'if (row.nickname === null) fail("not_available", "it has none"); return row.nickname;',
    'return row.nickname ?? "unknown";',
  ])("may be refused or said to be unknown: %s", async (said) => {
    const nickname = tool("nickname_of", { place: text }, `${row} ${said}`);
    const asked = { tool: nickname, given: corufield, answer: "The Carl Dunmore town" };
    expect(await refusalOf(file(question, [asked]))).toBeUndefined();
  });

  it("is not given another row's", async () => {
    const nickname = lookUp("nickname_of", "row.nickname ?? table.rows.corufield.nickname");
    const asked = { tool: nickname, given: corufield, answer: "The Carl Dunmore town" };
    expect(await refusalOf(file(question, [asked]))).toContain("has no nickname and gives one");
  });
});

describe("a number", () => {
  it("in groups of digits may be taken by the next call", async () => {
    const grouped = lookUp("people_of", 'String(row.people).replace(/\\B(?=(\\d{3})+$)/g, ",")');
    const twice = tool("twice", { a: number }, "return String(2 * a);");
    const steps: Step[] = [
      { tool: grouped, given: corufield, answer: "5626410", type: "number" },
      { tool: twice, given: { a: from("q1") }, answer: "11252820", type: "number", needs: ["q1"] },
    ];
    expect(await refusalOf(file("What is twice the number of people in Corufield?", steps))).toBeUndefined();
  });

  it.each(["a million", "one million", "1 million"])("may be called %s", async (said) => {
    const compared = places.slice(0, 3);
    const steps = compared.map(
      (name, i): Step => ({
        tool: peopleOf,
        given: { place: value(name) },
        answer: String(people[i]),
        type: "number",
      }),
    );
    const composition = { kind: "count_above" as const, of: ["q1", "q2", "q3"], threshold: 1_000_000 };
    const question = `How many of ${compared.join(", ")} have more than ${said} people? Say "k of 3".`;
    // One of two counts: a coin toss, which tool-necessity refuses, and nothing before it does.
    expect(await refusalOf(file(question, steps, { answer: "1 of 3", composition }))).toMatch(
      /^tool-necessity/,
    );
  });
});

describe("a default", () => {
  it.each(["'plain'", "`plain`", '"plain"'])("may be written as %s", async (written) => {
    const style = { type: "string", enum: ["plain", "loud"], default: "plain", description: "How." };
    const mayorOf = tool(
      "mayor_of",
      { place: text, style },
      `if (!["plain", "loud"].includes(style)) fail("invalid_argument", "no such style"); ${row} return style === "loud" ? row.mayor.toUpperCase() : row.mayor;`,
      `place, style = ${written}`,
    );
    const asked = { tool: mayorOf, given: corufield, answer: "Carl Dunmore" };
    expect(await refusalOf(file("Who is mayor of Corufield?", [asked]))).toBeUndefined();
  });
});

describe("a sequence that is forced on a call", () => {
  const nextOf = lookUp("next_of", "row.next");
  const idle = (schema: Record<string, Json>) =>
    tool("mayor_of", { place: text, beside: schema }, `${row} return row.mayor;`);

  it("by an argument without a meaning is refused", async () => {
    const steps = (first: Step, schema: Record<string, Json>): Step[] => [
      first,
      {
        tool: idle(schema),
        given: { place: value("Goriath"), beside: from("q1") },
        answer: "Ida Jarvis",
        needs: ["q1"],
      },
    ];
    const said = "oracle: q2 says the same whatever it takes from q1, and need not wait for it";
    const named = steps({ tool: nextOf, given: corufield, answer: "Delawick" }, text);
    expect(await refusalOf(file("What comes after Corufield, and who is mayor of Goriath?", named))).toBe(
      said,
    );
    const counted = steps({ tool: peopleOf, given: corufield, answer: "5626410", type: "number" }, number);
    expect(await refusalOf(file("How large is Corufield, and who is mayor of Goriath?", counted))).toBe(said);
  });
});

describe("a tool that helps with the spelling of a name", () => {
  const near = (said: string) =>
    tool(
      "mayor_of",
      { place: text },
      `const asked = place.trim().toLowerCase(); if (Object.hasOwn(table.rows, asked)) return table.rows[asked].mayor;
      const meant = Object.keys(table.rows).find((one) => one.startsWith(asked.slice(0, 4))); ${said}`,
    );
  const judged = (said: string) =>
    refusalOf(
      file("Who is mayor of Corufield?", [{ tool: near(said), given: corufield, answer: "Carl Dunmore" }]),
    );

  it("may say which was meant, or answer, but not answer in its error", async () => {
    const suggested = 'fail("not_found", meant ? "did you mean " + meant : "none has this name");';
    expect(await judged(suggested)).toBeUndefined();
    expect(await judged(`if (meant) return table.rows[meant].mayor; ${suggested}`)).toBeUndefined();
    expect(await judged('fail("not_found", meant ? "as of " + table.rows[meant].mayor : "none");')).toBe(
      "error-behaviour: mayor_of: an error says 'Carl Dunmore'",
    );
  });
});

describe("a distractor", () => {
  it("that takes several names at a time gives no sub-answer either", async () => {
    const list = {
      type: "array",
      items: { type: "string" },
      minItems: 2,
      maxItems: 4,
      description: "Names.",
    };
    const mayorsOf = tool(
      "mayors_of",
      { list },
      'const found = list.flatMap((one) => table.rows[one.trim().toLowerCase()]?.mayor ?? []); if (found.length === 0) fail("not_found", "none of them"); return found.join("; ");',
    );
    const steps: Step[] = [
      { tool: lookUp("next_of", "row.next"), given: corufield, answer: "Delawick" },
      {
        tool: lookUp("mayor_of", "row.mayor"),
        given: { place: from("q1") },
        answer: "Eve Farrow",
        needs: ["q1"],
      },
    ];
    const asked = file("Who is mayor of the place after Corufield?", steps);
    expect(await refusalOf({ ...asked, tools: [...asked.tools, mayorsOf] })).toContain(
      "distractors: mayors_of: ",
    );
  });

  it("does not make the final answer of what the others say", async () => {
    const add = tool("add_up", { a: number, b: number }, "return String(a + b);");
    const greater = tool("greater_of", { a: number, b: number }, "return String(Math.max(a, b));");
    const steps = ["Braholm", "Corufield"].map(
      (name, i): Step => ({
        tool: peopleOf,
        given: { place: value(name) },
        answer: String(people[i]),
        type: "number",
      }),
    );
    const asked = file("How many people do Braholm and Corufield have together?", steps, {
      answer: "5746755",
      composition: { kind: "sum", of: ["q1", "q2"] },
    });
    expect(await refusalOf({ ...asked, tools: [...asked.tools, add] })).toContain("gives '5746755'");
    // To get back what was passed is to learn nothing.
    expect(await refusalOf({ ...asked, tools: [...asked.tools, greater] })).toBeUndefined();
  });
});
