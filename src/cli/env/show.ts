/** `ratchet env show ID`: an environment as a person reads it, or with --json as a file that `env verify` reads. */
import type { Command } from "commander";
import { readConfig } from "../../config/config.ts";
import { type Environment, environmentHash } from "../../core/environment/environment.ts";
import type { Calibration } from "../../core/evaluation/calibration.ts";
import { environmentFileOf } from "../../core/formats/environment-file.ts";
import { shortHash } from "../../core/hash.ts";
import { canonicalJson } from "../../core/json.ts";
import {
  calibrationLine,
  difficultyLine,
  environmentLine,
  environmentSummary,
  setLine,
  setSummary,
} from "./describe.ts";

export function register(env: Command): void {
  env
    .command("show")
    .argument("<ID>", "an environment or a set")
    .description("show an environment with its tools, reference calls and gates; of a set, what is in it")
    .option("--json", "print one JSON object; of an environment, a file that env verify reads")
    .action(async (id: string, { json = false }: { json?: boolean }) => {
      const { openLibrary } = await import("./library.ts");
      const library = await openLibrary(readConfig());
      try {
        const found = await library.find(id);
        if (found.kind === "set") {
          const { environments, quarantined } = found.set;
          const calibrations = await library.calibrations(found.ref.hash);
          const summary = {
            ...setSummary(found),
            environments: environments.map(environmentSummary),
            quarantined,
            calibrations,
          };
          const lines = [
            setLine(found),
            ...calibrations.map((one) => `  ${calibrationLine(one)}`),
            ...environments.flatMap((one) => [
              `  ${environmentLine(one)}`,
              ...difficultiesOf(calibrations, environmentHash(one)).map((line) => `    ${line}`),
            ]),
            ...quarantined.map(
              ({ question, gate, reason }) => `  quarantined by ${gate}: ${question} (${reason})`,
            ),
          ];
          print(json, summary, lines);
        } else print(json, environmentFileOf(found.subject), describe(found.subject.environment));
      } finally {
        await library.close();
      }
    });
}

const difficultiesOf = (calibrations: readonly Calibration[], hash: string): string[] =>
  calibrations.flatMap((calibration) => difficultyLine(calibration, hash) ?? []);

const print = (json: boolean, summary: unknown, lines: readonly string[]) =>
  process.stdout.write(json ? `${JSON.stringify(summary, null, 2)}\n` : `${lines.join("\n")}\n`);

function describe(environment: Environment): string[] {
  const { question, answer, scenario, profile, split, subQuestions, referenceCalls, tools } = environment;
  const { author, authorVersion, sources } = environment.lineage;
  const callOf = (id: string) => referenceCalls.find(({ subQuestion }) => subQuestion === id);
  return [
    `environment ${environmentHash(environment)}`,
    `question    ${question}`,
    `answer      ${answer} (${environment.composition.kind})`,
    `shape       ${scenario}, ${profile}, ${split} split, about ${environment.entity}`,
    `author      ${author} ${authorVersion}, from ${sources.join(", ") || "nothing named"}`,
    `complexity  ${environment.complexity.map(({ operation, level }) => `${operation} ${level}`).join(", ") || "plain"}`,
    "sub-questions",
    ...subQuestions.flatMap(({ id, question: asked, dependsOn, answer: sub, tool }) => {
      const call = callOf(id);
      return [
        `  ${id}  ${asked || "(not in words)"} -> ${sub}${dependsOn.length > 0 ? `  (needs ${dependsOn.join(", ")})` : ""}`,
        `      ${tool}${call ? ` ${canonicalJson(call.arguments)}` : ": no reference call"}`,
      ];
    }),
    "tools",
    ...tools.map(
      ({ document, runtime, table, distractor }) =>
        `  ${document.name}(${Object.keys(document.parameters.properties).join(", ")})  ${runtime}${table ? `, table ${shortHash(table)}` : ""}${distractor ? ", distractor" : ""}`,
    ),
    environment.gates.length > 0 ? "gates" : "gates: none has judged it; npx ratchet env verify ID",
    ...environment.gates.map(
      ({ gate, version, verdict, evidence }) => `  ${verdict}  ${gate} v${version}  ${evidence}`,
    ),
  ];
}
