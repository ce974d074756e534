/** Environments that look as a person would write them, each with one fault that only calls of another kind bring to light. */
import { describe, expect, it } from "vitest";
import {
  file,
  from,
  lookUp,
  number,
  refusalOf,
  row,
  rowsOf,
  type Step,
  type Tool,
  text,
  tool,
  value,
} from "../../../tests/support/hand-file.ts";

const mayorOf = lookUp("mayor_of", "row.mayor");
const corufield = { place: value("Corufield") };
const mayor = (written: Tool, given: Step["given"] = corufield): Step => ({
  tool: written,
  given,
  answer: "Carl Dunmore",
});
const question = "Who is mayor of Corufield?";
const judged = (written: Tool, given?: Step["given"]) => refusalOf(file(question, [mayor(written, given)]));

describe("an argument that has to be given", () => {
  it("makes a difference to the answer", async () => {
    const named = tool("mayor_of", { place: text, country: text }, `${row} return row.mayor;`);
    const inCountry = { ...corufield, country: value("Delawick") };
    expect(await refusalOf(file("Who is mayor of Corufield in Delawick?", [mayor(named, inCountry)]))).toBe(
      "oracle: q1 says the same whatever its country is, and must not ask for it",
    );
    const dated = tool("mayor_of", { place: text, year: number }, `${row} return row.mayor + " in " + year;`);
    const inYear = { ...corufield, year: value(1950) };
    expect(await refusalOf(file("Who was mayor of Corufield in 1950?", [mayor(dated, inYear)]))).toBe(
      "oracle: q1 says the same whatever its year is, and must not ask for it",
    );
  });

  it("makes one where another's result holds the digits of the answer", async () => {
    const product = tool("product_of", { a: number, b: number }, "return a * b;");
    // With 1254 or -1254 in the place of 125 it says 2508 or -2508.
    const steps: Step[] = [
      { tool: lookUp("width_of", "row.width"), given: corufield, answer: "125", type: "number" },
      { tool: product, given: { a: from("q1"), b: value(2) }, answer: "250", type: "number", needs: ["q1"] },
    ];
    const tables = { places: rowsOf((i) => ({ width: 124 + i })) };
    expect(
      await refusalOf(file("What is 2 times the width of Corufield?", steps, { tables })),
    ).toBeUndefined();
  });

  it("is not waited for where it is merely said back", async () => {
    const echoing = tool(
      "mayor_of",
      { place: text, beside: text },
      `${row} return row.mayor + beside.length;`,
    );
    const steps: Step[] = [
      { tool: lookUp("next_of", "row.next"), given: corufield, answer: "Delawick" },
      {
        tool: echoing,
        given: { place: value("Goriath"), beside: from("q1") },
        answer: "Ida Jarvis",
        needs: ["q1"],
      },
    ];
    expect(await refusalOf(file("What follows Corufield, and who is mayor of Goriath?", steps))).toBe(
      "oracle: q2 says the same whatever it takes from q1, and need not wait for it",
    );
  });
});

describe("a limit", () => {
  const width = { type: "integer", description: "A width.", minimum: 10, maximum: 60, default: 40 };
  const limited = (refused: string) =>
    tool(
      "mayor_of",
      { place: text, width },
      `if (${refused}) fail("invalid_argument", "no such width"); ${row} return row.mayor.padEnd(width);`,
      "place, width = 40",
    );

  it("is itself allowed", async () => {
    expect(await judged(limited("width < 10 || width > 60"))).toBeUndefined();
    expect(await judged(limited("width < 10 || width >= 60"))).toContain(
      "60, which the limits of 'width' allow, gives 'invalid_argument",
    );
  });

  it("may be out of reach alone where one number is tied to another", async () => {
    const year = (first: number, last: number) => ({
      ...{ type: "integer", description: "A year.", minimum: first, maximum: last },
    });
    const between = (refused: string) =>
      tool(
        "mayor_of",
        {
          place: text,
          from: { ...year(1900, 2000), default: 1940 },
          to: { ...year(1920, 2020), default: 1960 },
        },
        `if (${refused}) fail("invalid_argument", "no such years"); ${row} return row.mayor.padEnd(to - from);`,
        "place, from = 1940, to = 1960",
      );
    const outside = "from < 1900 || from > 2000 || to < 1920 || to > 2020";
    expect(await judged(between(`${outside} || from > to`))).toBeUndefined();
    expect(await judged(between(`${outside} || (from - 1900) + (to - 1920) > 100`))).toBeUndefined();
    expect(
      await judged(between("from < 1900 || from > 2000 || to < 1920 || to >= 2020 || from > to")),
    ).toContain("2020, which the limits of 'to' allow, gives 'invalid_argument");
    expect(await judged(between(`${outside} || from >= to - 3 || from === 1900`))).toContain(
      "1900, which the limits of 'from' allow, gives 'invalid_argument",
    );
  });

  it("is kept to the least part beyond it", async () => {
    const share = { type: "number", description: "A share.", minimum: 0, maximum: 1, default: 1 };
    const lax = tool(
      "mayor_of",
      { place: text, share },
      `if (share < 0 || share > 1.2) fail("invalid_argument", "no share"); ${row} return row.mayor;`,
      "place, share = 1",
    );
    expect(await judged(lax)).toContain("is no invalid_argument error");
  });

  it("of a name's length counts what a name may stand among", async () => {
    const short = (most: number) =>
      tool(
        "mayor_of",
        { place: { ...text, maxLength: 12 } },
        `if (place.length > ${most}) fail("invalid_argument", "too long"); ${row} return row.mayor;`,
      );
    expect(await judged(short(12))).toBeUndefined();
    expect(await judged(short(11))).toContain("is not taken for 'Corufield'");
  });
});

describe("an answer", () => {
  it("ends where the tool's words and numbers end", async () => {
    const steps = (said: string): Step[] => [
      { tool: lookUp("people_of", `row.people + "${said}"`), given: corufield, answer: "5626410 m" },
    ];
    const asked = "How many, with the unit, are in Corufield?";
    expect(await refusalOf(file(asked, steps(" m")))).toBeUndefined();
    expect(await refusalOf(file(asked, steps(" miles")))).toBe(
      "oracle: q1 gives '5626410 miles' and not '5626410 m'",
    );
    const glued = { tool: lookUp("people_of", 'row.people + "people"'), given: corufield };
    expect(
      await refusalOf(file("How many live in Corufield?", [{ ...glued, answer: "5626410", type: "number" }])),
    ).toBeUndefined();
  });

  it.each([
    "carl_dunmore",
    "CARL-DUNMORE",
    "carlDunmore",
    "c a r l d u n m o r e",
    "Carl\u200b Dun\u200bmore",
  ])("is given away by a document that says %j", async (spelled) => {
    const { document } = mayorOf;
    const told = { ...mayorOf, document: { ...document, description: `A mayor, as ${spelled}.` } };
    expect(await judged(told)).toBe("document-leak: mayor_of: its document holds 'Carl Dunmore'");
  });

  it("is not put together of what two words begin and end with", async () => {
    const { document } = mayorOf;
    const described = { ...mayorOf, document: { ...document, description: "Oscar l dun more." } };
    expect(await judged(described)).toBeUndefined();
  });
});

describe("a distractor", () => {
  const aliases = { "old corufield": "corufield" };
  const judgedBeside = (leak: string) => {
    const leaking = tool("shore_of", { place: text }, `${leak} ${row} return "sandy";`);
    const asked = file(question, [mayor(mayorOf)]);
    const tables = { places: { ...(asked.tables!.places as object), aliases } };
    return refusalOf({ ...asked, tools: [...asked.tools, leaking], tables });
  };
  const said = "table.rows.corufield.mayor";

  it.each([
    `if (place === "corufield") return ${said};`,
    `if (place !== place.trim()) return ${said};`,
    `if (place === "old corufield") return ${said};`,
    `if (place.trim().toLowerCase() === "corufield") fail("not_found", "ask " + ${said});`,
  ])("gives no answer under another name, nor in an error: %s", async (leak) => {
    expect(await judgedBeside(leak)).toMatch(/^distractors: shore_of: .* gives 'Carl Dunmore'/);
  });
});

describe("a tool", () => {
  it("knows the other names of all rows", async () => {
    const sorted = tool(
      "mayor_of",
      { place: text },
      'const asked = place.trim().toLowerCase(); if (!(asked in table.rows) && !(asked in table.aliases)) fail("not_found", "none"); const names = Object.keys(table.rows).sort(); return table.rows[names.find((one) => one >= asked) ?? names[0]].mayor;',
    );
    const asked = file(question, [mayor(sorted)]);
    const tables = { places: { ...(asked.tables!.places as object), aliases: { "old goriath": "goriath" } } };
    expect(await refusalOf({ ...asked, tables })).toBe(
      "generalization: mayor_of: 'old goriath' gives 'Ann Bexley' and not 'Ida Jarvis'",
    );
  });

  it.each(["place.slice(0, 8)", "[...place].join(' ')", "place.toUpperCase()"])(
    "says no part of a name in its errors: %s",
    async (echoed) => {
      const echoing = tool(
        "mayor_of",
        { place: text },
        `const row = table.rows[place.trim().toLowerCase()] ?? fail("not_found", "nothing like " + ${echoed}); return row.mayor;`,
      );
      expect(await judged(echoing)).toContain("error-behaviour: mayor_of: an error repeats what was passed");
    },
  );

  it("may gather in its signature what nobody documented", async () => {
    const { code, ...rest } = mayorOf;
    const gathering = (code as string[]).map((line) =>
      line
        .replace("{ place }", "{ place, ...others }")
        .replace(/^for .*$/, 'if (Object.keys(others).length > 0) fail("unknown_argument", "none such");'),
    );
    expect(await judged({ ...rest, code: gathering })).toBeUndefined();
  });

  it("may be made of classes", async () => {
    const made = tool(
      "mayor_of",
      { place: text },
      `class Places { #rows; constructor({ rows }) { this.#rows = rows; } find(name) { return this.#rows[name.trim().toLowerCase()] ?? fail("not_found", "none"); } } const row = new Places(table).find(place); return row.mayor;`,
    );
    expect(await judged(made)).toBeUndefined();
  });
});
