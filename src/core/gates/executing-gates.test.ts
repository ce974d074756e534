import { describe, expect, it } from "vitest";
import { evidence, judge } from "../../../tests/support/judge.ts";
import {
  caseOf,
  chainCandidate,
  comparisonCandidate,
  rigged,
  smallTables,
  sumCandidate,
  withTool,
} from "../../../tests/support/small-world.ts";
import type { Json } from "../json.ts";
import { seededRandom } from "../random.ts";
import { garbageArguments } from "./arguments.ts";
import { madeCalls } from "./calls.ts";
import type { Table } from "./data-table.ts";
import { determinismGate } from "./determinism.ts";
import { distractorsGate } from "./distractors.ts";
import { errorBehaviourGate } from "./error-behaviour.ts";
import type { Case } from "./gate.ts";
import { generalizationGate } from "./generalization.ts";
import { negativeGate } from "./negative.ts";
import { oracleGate } from "./oracle.ts";
import { wrongPath } from "./wrong-path.ts";

const levels = {
  integration: 1,
  generalization: 2,
  parameters: 3,
  parameterTypes: 2,
  distractors: 1,
} as const;
const sound = caseOf(chainCandidate);
const sum = caseOf(sumCandidate);
const soundCases = [sound, sum, comparisonCandidate, chainCandidate, sumCandidate].map((one, i) =>
  i < 2 ? (one as Case) : caseOf({ ...(one as typeof sumCandidate), levels }),
);

const gates = [
  oracleGate,
  determinismGate,
  distractorsGate,
  negativeGate,
  errorBehaviourGate,
  generalizationGate,
];

describe.each(gates.map((gate) => [gate.gate, gate] as const))("the %s gate", (_, gate) => {
  it("passes sound environments, plain and complex", async () => {
    for (const subject of soundCases) expect(await judge(gate, subject)).toMatchObject({ verdict: "pass" });
  });
});

describe("the oracle gate", () => {
  it("catches a wrong label", async () => {
    const subQuestions = sound.environment.subQuestions.map((sub) =>
      sub.id === "q2" ? { ...sub, answer: "GBP" } : sub,
    );
    const wrong = { ...sound, environment: { ...sound.environment, subQuestions, answer: "GBP" } };
    expect(await evidence(oracleGate, wrong)).toContain("q2 gives 'EUR' and not 'GBP'");
  });

  it("catches a final answer that the outputs do not compose to", async () => {
    const wrong = { ...sum, environment: { ...sum.environment, answer: "128711679" } };
    expect(await evidence(oracleGate, wrong)).toBe("the outputs compose to '128711678' and not '128711679'");
  });

  it("catches an argument that the earlier output does not say", async () => {
    const shouting = withTool(sound, "get_home", () => ({
      code: 'function get_home({ city }, table) { return "FRANCE"; }',
    }));
    expect(await evidence(oracleGate, shouting)).toContain("q2 takes from q1 what its output does not say");
  });
});

describe("the negative gate", () => {
  it("catches a tool that answers anything", async () => {
    expect(await evidence(negativeGate, rigged('return "EUR";'))).toContain("gives 'EUR'");
  });

  it("catches a tool that dumps its table", async () => {
    expect(await evidence(negativeGate, rigged("return JSON.stringify(table.rows);"))).toContain(
      "gives 'EUR'",
    );
  });

  it("catches a tool that also answers for the city: another sub-question's argument", async () => {
    const shortcut = rigged('return $original({ country: country === "Lyon" ? "France" : country }, table);');
    expect(await evidence(negativeGate, shortcut)).toBe(`get_money: {"country":"Lyon"} gives 'EUR'`);
  });
});

describe("the negative gate on a wrong path", () => {
  /** Gives the answer for another country that other cities lead to, and for no garbage. */
  const lenient = (name: string) =>
    rigged(
      `return $original({ country: country.trim().toLowerCase() === "${name}" ? "France" : country }, table);`,
    );

  it("follows the plan from another name, by what the data say", () => {
    const calls = madeCalls(sound);
    const path = wrongPath(sound, calls, seededRandom(1));
    expect(path.map(({ call, given }) => [call.tool.document.name, given])).toEqual([
      ["get_home", { city: "bergen" }],
      ["get_money", { country: "Norway" }],
    ]);
  });

  it("catches a tool that gives the answer there", async () => {
    const found = await Promise.all(
      ["japan", "ecuador", "norway", "ethiopia"].map((name) => judge(negativeGate, lenient(name))),
    );
    const faults = found.filter(({ verdict }) => verdict === "fail").map(({ evidence }) => evidence);
    expect(faults.length).toBeGreaterThan(0);
    for (const evidence of faults) expect(evidence).toMatch(/^get_money: {"country":"\w+"} gives 'EUR'/);
  });

  it("computes with the wrong operands what a calculator must give there", () => {
    const path = wrongPath(sum, madeCalls(sum), seededRandom(1));
    const numbers = Object.values(path.at(-1)!.given) as number[];
    expect(path.at(-1)!.call.tool.document.name).toBe("add");
    expect(numbers).not.toEqual([123201945, 5509733]);
    const populations = Object.values(smallTables.country!.rows).map((row) => row.population);
    for (const number of numbers) expect(populations).toContain(number);
  });
});

describe("the generalization gate", () => {
  it("catches a tool that does not know a row's other names", async () => {
    const plain = rigged(
      'if (country.trim().length < 3) throw new Error("not_found: no row has this name"); return $original({ country }, table);',
    );
    expect(await evidence(generalizationGate, plain)).toBe(
      "get_money: 'jp' gives '' and not 'JPY'; get_money: 'fr' does not give 'EUR'",
    );
  });

  it("catches a tool that wants the very arguments of the reference call and no default beside them", async () => {
    const levels = { ...chainCandidate.levels, parameters: 2 };
    const optional = caseOf({ ...chainCandidate, levels });
    const counting = withTool(optional, "get_money", ({ code }) => ({
      code: code.replace(
        "{\n",
        '{ if (Object.keys(arguments[0]).length > 1) throw new Error("invalid_argument: one argument only");\n',
      ),
    }));
    expect(await evidence(generalizationGate, counting)).toBe(
      "get_money: the call with its defaults written out does not give 'EUR'",
    );
  });

  it("catches outputs that are less distinct than the table says", async () => {
    const all = rigged(
      'const own = $original({ country }, table); return own === "EUR" ? own : "JPY or USD or NOK or ETB";',
    );
    expect(await evidence(generalizationGate, all)).toMatch(/what is '\w+' and what is '\w+' get one output/);
  });

  it("catches a tool that knows one wording of one key", async () => {
    const literal = rigged(
      'if (country === "France") return "EUR"; throw new Error("not_found: no row has this name");',
    );
    const found = await evidence(generalizationGate, literal);
    expect(found).toMatch(/'(japan|ecuador|norway|ethiopia)' gives '' and not/);
  });

  it("catches a gate on exact spelling", async () => {
    const exact = rigged(
      'if (country !== country.trim() || /[A-Z]{3}/.test(country)) throw new Error("not_found: no"); return $original({ country }, table);',
    );
    expect(await evidence(generalizationGate, exact)).toContain("'FRANCE' is not taken for 'France'");
  });

  it("catches an answer that does not come from the table", async () => {
    const stale = rigged(
      'const said = { france: "EUR" }[country.trim().toLowerCase()]; return said ?? $original({ country }, table);',
    );
    expect(await evidence(generalizationGate, stale)).toContain("a changed row does not change 'EUR'");
  });

  it("lets a tool say in its own words that the table says nothing, and catches one that says another row's", async () => {
    const tables = Object.fromEntries(
      Object.entries(sound.tables).map(([hash, table]) => {
        const { aliases, rows } = table as unknown as Table;
        const cells: Record<string, Json> = { japan: null, ecuador: "", norway: [], ethiopia: "no" };
        const changed = Object.entries(rows).map(([key, row]) => [
          key,
          Object.hasOwn(cells, key) && Object.hasOwn(row, "currency")
            ? { ...row, currency: cells[key]! }
            : row,
        ]);
        return [hash, { aliases, rows: Object.fromEntries(changed) as Table["rows"] }];
      }),
    );
    const saying = (nothing: string) => ({
      ...rigged(`
        const { currency } = table.rows[country.trim().toLowerCase()] ?? {};
        if (currency === null || currency === "" || Array.isArray(currency)) { ${nothing} }
        return $original({ country }, table);`),
      tables,
    });
    for (const nothing of ['return "unknown";', 'throw new Error("not_found: no such value");'])
      expect(await judge(generalizationGate, saying(nothing))).toMatchObject({ verdict: "pass" });
    expect(await evidence(generalizationGate, saying('return "It is EUR.";'))).toContain(
      "has no currency and gives one",
    );
  });

  it("catches a calculator that knows its operands", async () => {
    const fixed = withTool(sum, "add", () => ({
      code: "function add({ a, b }) { return String(128711678 + 0 * (a + b)); }",
    }));
    expect(await evidence(generalizationGate, fixed)).toMatch(/^add: sum of .* is not /);
  });
});

describe("the determinism gate", () => {
  it("catches a tool that remembers", async () => {
    let calls = 0;
    const { invocations, judge: judged } = determinismGate.plan(sound);
    const outcomes = [...invocations, ...invocations].map(() => ({
      kind: "returned" as const,
      text: `${calls++}`,
      fuel: 1,
    }));
    const { evidence: found } = judged(outcomes);
    expect(found).toContain("q1 gives another output when it is asked again");
    expect(found).toContain("(and 22 more)");
  });

  it("catches an error that is worded another way the second time", async () => {
    const { invocations, judge: judged } = determinismGate.plan(sound);
    const outcomes = [...invocations, ...invocations].map(({ program, arguments: given }, i) => ({
      kind: "raised" as const,
      text: Object.keys(given).length === 0 && program.name === "get_money" ? `${i}` : "missing_argument: a",
      fuel: 1,
    }));
    expect(judged(outcomes).evidence).toBe(
      "get_money: a call without arguments gives another output when it is asked again; get_money: a wrong call gives another output when it is asked again",
    );
  });
});

describe("garbage that fits a schema", () => {
  it("is a date where a date is due", () => {
    const properties = { since: { type: "string", format: "date" } };
    const garbage = garbageArguments({ type: "object", properties, required: ["since"] }, seededRandom(1));
    expect(garbage.since).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  });
});
