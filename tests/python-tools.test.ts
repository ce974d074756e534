/** Environments whose tools are Python: the same answers as in JavaScript, and the same gates that can fail them. */
import { afterAll, describe, expect, it } from "vitest";
import { createKnowledgeAuthor } from "../src/authors/knowledge/author.ts";
import type { Environment, Tool } from "../src/core/environment/environment.ts";
import { programOf } from "../src/core/environment/program.ts";
import { garbageArguments, plausibleArguments } from "../src/core/gates/arguments.ts";
import { madeCalls } from "../src/core/gates/calls.ts";
import { determinismGate } from "../src/core/gates/determinism.ts";
import type { Case, Gate } from "../src/core/gates/gate.ts";
import { runGates } from "../src/core/gates/run-gates.ts";
import { gateTable } from "../src/core/gates/table.ts";
import { wrongCalls } from "../src/core/gates/wrong-calls.ts";
import type { JsonObject } from "../src/core/json.ts";
import { seededRandom } from "../src/core/random.ts";
import type { SubjectTable } from "../src/core/synthesis/candidate.ts";
import { draftTools } from "../src/core/synthesis/construct.ts";
import { deploy, subjectsOf } from "../src/core/synthesis/deploy/deploy.ts";
import { defaultSandboxLimits } from "../src/sandbox/limits.ts";
import { createSandbox } from "../src/sandbox/sandbox.ts";
import { caseOf, chainCandidate, withTool } from "./support/small-world.ts";

const sandbox = createSandbox({ ...defaultSandboxLimits, log: () => {} });
afterAll(() => sandbox.close());
const author = createKnowledgeAuthor();
const random = seededRandom(11);

/** One of each scenario type, in the language. */
async function built(profile: Environment["profile"], runtime: Tool["runtime"]): Promise<Case[]> {
  const scenarios = { single_hop: 1, parallel_single_hop: 1, multi_hop: 1, parallel_multi_hop: 1 };
  const request = { split: "train", profile, scenarios, seed: 3, from: 0, count: 4, runtime } as const;
  const drafted = (await author.propose(request)).map((candidate) => draftTools(candidate));
  const { deployed, tables } = deploy(drafted, await author.subjectTables(subjectsOf(drafted)));
  return deployed.map(({ environment }) => ({ environment, tables }));
}

const numbers = [3, 2.5, -7.125, 1e21, 1234567.8915, 5e-7];
const dates = ["2024-02-29", "1999-12-31", "2023-02-29"];

/** Calls of a tool that may mean something: about rows of its table, with numbers, dates and every option. */
function sensibleCalls({ document, table }: Tool, { tables }: Case): JsonObject[] {
  const rows = table === undefined ? [] : Object.keys((tables[table] as unknown as SubjectTable).rows);
  const names = [...random.shuffle(rows).slice(0, 6), ...dates];
  const calls = random.shuffle(plausibleArguments(document.parameters, names, numbers, 2_000)).slice(0, 12);
  const garbage = [0, 1, 2].map(() => garbageArguments(document.parameters, random));
  return [...calls, ...garbage, ...calls.slice(0, 4).map((given, i) => ({ ...garbage[i % 3]!, ...given }))];
}

describe("a tool in Python", () => {
  it.each(["compact", "ftrl"] as const)(
    "says to every call what it says in JavaScript (%s)",
    async (profile) => {
      const [javascript, python] = [await built(profile, "javascript"), await built(profile, "python")];
      const calls = javascript.flatMap((subject, i) => {
        const all = [
          ...madeCalls(subject),
          ...wrongCalls(subject),
          ...subject.environment.tools.flatMap((tool) =>
            sensibleCalls(tool, subject).map((given) => ({ tool, given })),
          ),
        ];
        return all.map(({ tool, given }) => {
          const twin = python[i]!.environment.tools.find(
            ({ document }) => document.name === tool.document.name,
          )!;
          expect([twin.document, twin.table, twin.runtime]).toEqual([tool.document, tool.table, "python"]);
          return [programOf(tool, subject.tables), programOf(twin, subject.tables)].map((program) => ({
            program,
            arguments: given,
          }));
        });
      });
      const outcomes = await sandbox.run(calls.flat());
      const said = outcomes.map(({ kind, text }) => `${kind} ${text}`);
      const asked = calls.map(([call]) => `${call!.program.name} ${JSON.stringify(call!.arguments)}`);
      expect(calls.map((_, i) => `${asked[i]}: ${said[2 * i + 1]}`)).toEqual(
        calls.map((_, i) => `${asked[i]}: ${said[2 * i]}`),
      );
      expect(outcomes.filter(({ kind }) => kind === "returned").length).toBeGreaterThan(outcomes.length / 10);
    },
  );
});

const judged = async (cases: readonly Case[], gates: readonly Gate[] = gateTable) =>
  (await runGates(cases, gates, sandbox)).map(({ failure }) => failure?.gate ?? "accepted");

const sound = caseOf({ ...chainCandidate, runtime: "python" });
const withCode = (change: (code: string) => string) =>
  withTool(sound, "get_money", ({ code }) => ({ code: change(code) }));
const returning = (expression: string) => (code: string) =>
  code.replace('return _render("currency")', `return ${expression}`);

describe("the gates, on Python", () => {
  it("accept what the author writes", async () => {
    const cases = [...(await built("compact", "python")), ...(await built("ftrl", "python")), sound];
    const inJavaScript = [...(await built("compact", "javascript")), ...(await built("ftrl", "javascript"))];
    expect(await judged(cases)).toEqual([...(await judged(inJavaScript)), "accepted"]);
  });

  it("refuse what is not sound, each by the gate whose business it is", async () => {
    const { environment } = sound;
    const relabelled = (answer: string): Case => ({
      ...sound,
      environment: {
        ...environment,
        answer,
        subQuestions: environment.subQuestions.map((sub) => (sub.id === "q2" ? { ...sub, answer } : sub)),
      },
    });
    const told = withTool(sound, "get_money", ({ document }) => ({
      document: { ...document, description: "Money code, such as EUR." },
    }));
    const planted: readonly (readonly [string, Case])[] = [
      ["static-code", withCode(returning('"EUR" if country == "France" else _render("currency")'))],
      ["generalization", withCode(returning('"".join(["E", "U", "R"])'))],
      ["document-leak", told],
      ["oracle", relabelled("JPY")],
      ["static-code", withCode((code) => `import random\n${code}`)],
      ["generalization", withCode(returning('_render("currency") + " of " + country + "   "'))],
      ["documents", withCode((code) => code.replace("country=...", "country=..., year=2024"))],
      ["error-behaviour", withCode((code) => code.replace('"no row has this name"', '"no " + country'))],
      [
        "error-behaviour",
        withCode((code) => code.replaceAll("raise ValueError(_kind", "raise ValueError(_detail")),
      ],
      [
        "fuel",
        withCode((code) =>
          code.replace("    _asked", "    for _one in range(300000):\n        pass\n    _asked"),
        ),
      ],
    ];
    const gates = gateTable.filter(({ gate }) => gate !== "negative" && gate !== "distractors");
    expect(
      await judged(
        planted.map(([, subject]) => subject),
        gates,
      ),
    ).toEqual(planted.map(([gate]) => gate));
  });

  it("see chance and the clock, and data that is no longer what it was", async () => {
    const random = withCode(
      (code) => `import random\n${returning("_render('currency') + str(random.random())")(code)}`,
    );
    const clock = withCode(
      (code) => `import time\n${returning("_render('currency') + str(time.time())")(code)}`,
    );
    expect(await judged([random, clock, sound], [determinismGate])).toEqual([
      "determinism",
      "determinism",
      "accepted",
    ]);
  });
});
