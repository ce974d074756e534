/** Environments as persons write them whose plan, keys or calculators have a fault that only a second look shows. */
import { describe, expect, it } from "vitest";
import {
  date,
  file,
  from,
  lookUp,
  number,
  people,
  places,
  refusalOf,
  rowsOf,
  type Step,
  text,
  tool,
  value,
} from "../../../tests/support/hand-file.ts";

const peopleOf = lookUp("people_of", "row.people");
const asking = (place: string): Step => ({
  tool: peopleOf,
  given: { place: value(place) },
  answer: String(people[places.findIndex((one) => one.toLowerCase() === place.toLowerCase())]),
  type: "number",
});
const largest = (of: readonly string[], labels: readonly string[]) => ({
  answer: "Corufield",
  composition: { kind: "argmax" as const, of: [...of], labels: [...labels] },
});

describe("a plan", () => {
  const options = ["Braholm", "Corufield", "Delawick"];
  const steps = options.map(asking);
  const compared = (question: string) => file(question, steps, largest(["q1", "q2", "q3"], options));

  it("asks about every option that the question lists", async () => {
    expect(
      await refusalOf(compared("Where do most people live: in Braholm, Corufield or Delawick?")),
    ).toBeUndefined();
    expect(
      await refusalOf(compared("Where do most people live: in Braholm, Corufield, Delawick or Goriath?")),
    ).toBe("question-plan: the question also names 'Goriath', which no call asks about");
    expect(
      await refusalOf(compared("Where do most live: Halusta, the town of Braholm, Corufield or Delawick?")),
    ).toBe("question-plan: the question also names 'Halusta', which no call asks about");
  });

  it("may leave alone a name that the question has elsewhere", async () => {
    expect(
      await refusalOf(
        compared("A traveller from Goriath asks where most people live: Braholm, Corufield or Delawick?"),
      ),
    ).toBeUndefined();
  });

  it("asks nothing twice, by another name of the row either", async () => {
    const twice = [
      asking("Braholm"),
      asking("Corufield"),
      { ...asking("Corufield"), given: { place: value("Old Corufield") } },
    ];
    const asked = file("Where do most people live: in Braholm, Corufield or Old Corufield?", twice, {
      ...largest(["q1", "q2", "q3"], ["Braholm", "Corufield", "Old Corufield"]),
    });
    const tables = {
      places: { ...(asked.tables!.places as object), aliases: { "old corufield": "corufield" } },
    };
    expect(await refusalOf({ ...asked, tables })).toBe("decomposition: q3 asks what q2 asks");
  });

  it("has no hop that another name of the row makes superfluous", async () => {
    const steps: Step[] = [
      { tool: lookUp("name_of", "row.name"), given: { place: value("FNT") }, answer: "Fenoton" },
      {
        tool: lookUp("mayor_of", "row.mayor"),
        given: { place: from("q1") },
        answer: "Gus Holt",
        needs: ["q1"],
      },
    ];
    const codes = ["BRH", "CRF", "DLW", "FNT", "GRT", "HLS"];
    const coded = (aliases: Record<string, string>) => ({
      codes: {
        aliases: {},
        rows: Object.fromEntries(codes.map((code, i) => [code.toLowerCase(), { name: places[i]! }])),
      },
      places: {
        ...rowsOf((i) => ({
          mayor: ["Ann Bexley", "Carl Dunmore", "Eve Farrow", "Gus Holt", "Ida Jarvis", "Ken Lowell"][i]!,
        })),
        aliases,
      },
    });
    const find =
      'const row = table.rows[place.trim().toLowerCase()] ?? table.rows[table.aliases[place.trim().toLowerCase()]] ?? fail("not_found", "none has this name");';
    const written = file("Who is mayor of the place with the code FNT?", [
      {
        ...steps[0]!,
        tool: { ...tool("name_of", { place: text }, `${find} return row.name;`), table: "codes" },
      },
      { ...steps[1]!, tool: tool("mayor_of", { place: text }, `${find} return row.mayor;`) },
    ]);
    expect(await refusalOf({ ...written, tables: coded({}) })).toBeUndefined();
    expect(await refusalOf({ ...written, tables: coded({ fnt: "fenoton" }) })).toBe(
      `negative: mayor_of: {"place":"FNT"} gives 'Gus Holt'`,
    );
  });
});

describe("a key of two names", () => {
  const rates = {
    aliases: {},
    rows: Object.fromEntries(
      ["usd", "eur", "gbp"].flatMap((currency, i) =>
        ["2024-01-15", "2024-02-15", "2024-03-15"].map((day, j) => [
          `${currency}-${day}`,
          { rate: 1.0625 + 0.125 * i + 0.0125 * j },
        ]),
      ),
    ),
  };
  const rateOf = (body: string) => ({
    ...tool(
      "rate_of",
      { currency: text, day: date },
      `const key = currency.trim().toLowerCase() + "-" + day; ${body} // table`,
    ),
    table: "rates",
  });
  const judged = (body: string) => {
    const given = { currency: value("USD"), day: value("2024-01-15") };
    const steps: Step[] = [{ tool: rateOf(body), given, answer: "1.0625", type: "number" }];
    return refusalOf(file("What was the rate of USD on 2024-01-15?", steps, { tables: { rates } }));
  };

  it("may hold in a name what parts them", async () => {
    expect(
      await judged('const row = table.rows[key] ?? fail("not_found", "no such rate"); return row.rate;'),
    ).toBeUndefined();
  });

  it("is tried for other rows all the same", async () => {
    expect(
      await judged(
        'if (key !== "usd-2024-01-15") fail("not_found", "no such rate"); return table.rows[key].rate;',
      ),
    ).toMatch(/^generalization: rate_of: /);
  });
});

describe("a key of a name and an optional number", () => {
  const counts = {
    aliases: {},
    rows: Object.fromEntries(
      places.flatMap((place, i) =>
        [1990, 2020].map((year) => [`${place.toLowerCase()}|${year}`, { people: people[i]! + year }]),
      ),
    ),
  };
  const peopleIn = {
    ...tool(
      "people_in",
      { place: text, year: { ...number, type: "integer", default: 2020 } },
      'const row = table.rows[place.trim().toLowerCase() + "|" + year] ?? fail("not_found", "none"); return row.people;',
      "place, year = 2020",
    ),
    table: "counts",
  };
  const judged = (question: string, year: number) => {
    const given = { place: value("Corufield"), year: value(year) };
    const answer = String(5_626_410 + year);
    const steps: Step[] = [{ tool: peopleIn, given, answer, type: "number" }];
    return refusalOf(file(question, steps, { tables: { counts } }));
  };

  it("is said in the question unless it is the default", async () => {
    expect(await judged("How many lived in Corufield in 1990?", 1990)).toBeUndefined();
    expect(await judged("How many live in Corufield?", 2020)).toBeUndefined();
    expect(await judged("How many live in Corufield?", 1990)).toBe(
      "question-plan: q1 asks about '1990', which the question does not name",
    );
  });
});

describe("a calculator", () => {
  const founding: Step = {
    tool: lookUp("founded_in", "row.founded"),
    given: { place: value("Fenoton") },
    answer: "2001-01-09",
    type: "date",
  };
  const calculated = (body: string, answer: string) => {
    const compute = tool("compute", { a: number, b: number }, body);
    const asked = [asking("Corufield"), asking("Braholm")];
    const last: Step = {
      tool: compute,
      given: { a: from("q1"), b: from("q2") },
      answer,
      type: "number",
      needs: ["q1", "q2"],
    };
    return refusalOf(file("What comes of the people of Corufield and of Braholm?", [...asked, last]));
  };

  it("may say a difference with its sign, where the reference happens to be positive", async () => {
    expect(await calculated("return a - b;", "5506065")).toBeUndefined();
    expect(await calculated("return Math.abs(a - b);", "5506065")).toBeUndefined();
  });

  it("keeps the signs of what it adds", async () => {
    expect(await calculated("return a + b;", "5746755")).toBeUndefined();
    expect(await calculated("return Math.abs(a) + Math.abs(b);", "5746755")).toMatch(
      /^generalization: compute: sum of .* is not /,
    );
  });

  it("may refuse what it was not made for", async () => {
    expect(
      await calculated('if (a < 0 || b < 0) fail("invalid_argument", "no people"); return a + b;', "5746755"),
    ).toBeUndefined();
  });

  it("is tried with operands as large as its own", async () => {
    expect(await calculated("return a + b + (a > 6000000 ? 1000 : 0);", "5746755")).toMatch(
      /^generalization: compute: sum of .* is not /,
    );
  });

  it("is asked to explain each of its answers", async () => {
    const total = (body: string, answer: string) => {
      const add = tool("total", { a: number, b: number }, body);
      const first = { a: from("q1"), b: from("q2") };
      const then = { a: from("q4"), b: from("q3") };
      const steps: Step[] = [
        asking("Braholm"),
        asking("Fenoton"),
        { tool: add, given: first, answer: "463779", type: "number", needs: ["q1", "q2"] },
        asking("Corufield"),
        { tool: add, given: then, answer, type: "number", needs: ["q3", "q4"] },
      ];
      return refusalOf(file("How many live in Braholm and Fenoton, and with Corufield?", steps));
    };
    expect(await total("return a + b;", "6090189")).toBeUndefined();
    expect(await total("return a + b + (a > 1000000 ? 1000 : 0);", "6091189")).toBe(
      "generalization: total: '6091189' follows neither from a table nor from its operands",
    );
  });

  it("of dates beside a number that is no number of days gets a verdict", async () => {
    const later = tool(
      "seconds_later",
      { day: date, seconds: { ...number, type: "integer" } },
      'if (Number.isNaN(Date.parse(day)) || !/^\\d{4}-\\d{2}-\\d{2}$/.test(day)) fail("invalid_argument", "no date"); const at = new Date(day).getTime() + 1000 * seconds; if (!(Math.abs(at) < 1e14)) fail("invalid_argument", "too far"); return new Date(at).toISOString().slice(0, 10);',
    );
    const steps: Step[] = [
      founding,
      {
        tool: later,
        given: { day: from("q1"), seconds: value(1_000_000_000) },
        answer: "2032-09-17",
        type: "date",
        needs: ["q1"],
      },
    ];
    expect(
      await refusalOf(file("Which date is 1,000,000,000 seconds after the founding of Fenoton?", steps)),
    ).toMatch(/follows neither from a table nor from its operands$/);
  });

  it("knows dates of every century", async () => {
    const later = (body: string) => {
      const compute = tool("days_later", { day: date, days: { ...number, type: "integer" } }, body);
      const steps: Step[] = [
        founding,
        {
          tool: compute,
          given: { day: from("q1"), days: value(120) },
          answer: "2001-05-09",
          type: "date",
          needs: ["q1"],
        },
      ];
      return refusalOf(
        file("Which date is 120 days after the founding of Fenoton?", steps, {
          composition: { kind: "date_after", of: "q1", days: 120 },
        }),
      );
    };
    const check =
      'if (Number.isNaN(Date.parse(day)) || !/^\\d{4}-\\d{2}-\\d{2}$/.test(day)) fail("invalid_argument", "no date");';
    const added =
      "const at = new Date(day).getTime() + 86400000 * days; return new Date(at).toISOString().slice(0, 10);";
    expect(await later(`${check} ${added}`)).toBeUndefined();
    expect(await later(`${check} if (day < "1970-01-01") return "1970-01-01"; ${added}`)).toMatch(
      /^generalization: days_later: date_after of 1900-02-28/,
    );
  });
});
