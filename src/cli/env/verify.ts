/** `ratchet env verify FILE|ID`: runs every gate, executing ones in the sandbox, and exits 1 where one refuses. */
import type { Command } from "commander";
import { readConfig } from "../../config/config.ts";
import { environmentHash } from "../../core/environment/environment.ts";
import type { Case } from "../../core/gates/gate.ts";
import { type Judged, runGates } from "../../core/gates/run-gates.ts";
import { judgeAsSet } from "../../core/gates/set-gates.ts";
import { gateTable } from "../../core/gates/table.ts";
import { defaultSandboxLimits } from "../../sandbox/limits.ts";
import { createSandbox } from "../../sandbox/sandbox.ts";
import { exitCodes } from "../exit.ts";
import { notice } from "../notice.ts";
import { environmentLine } from "./describe.ts";

/** Environments whose calls share a sandbox run. */
const perRun = 32;

interface Options {
  readonly contamination?: readonly string[];
  readonly json?: boolean;
}

export function register(env: Command): void {
  env
    .command("verify")
    .argument("<FILE|ID>", "a JSON or TypeScript file, a folder of JSON files, an environment or a set")
    .description("run all gates; exit 0 where every environment passes, 1 where one is refused")
    .option(
      "--contamination <set...>",
      "stored sets, such as an imported benchmark, whose questions must not be asked",
    )
    .option("--json", "print one JSON object with every verdict")
    .action(async (given: string, { contamination = [], json = false }: Options) => {
      const { readBenchmarks, readSubjects } = await import("./subjects.ts");
      const subjects = await readSubjects(readConfig(), given);
      const benchmarks = await readBenchmarks(readConfig(), contamination);
      const judged = judgeAsSet(subjects, await judgeAll(subjects), benchmarks);
      const refused = judged.filter(({ failure }) => failure !== undefined).length;
      if (json) process.stdout.write(`${JSON.stringify(reportOf(subjects, judged))}\n`);
      else process.stdout.write(`${describe(subjects, judged).join("\n")}\n`);
      process.exitCode = refused > 0 ? exitCodes.failed : exitCodes.ok;
    });
}

async function judgeAll(subjects: readonly Case[]): Promise<Judged[]> {
  const sandbox = createSandbox({ ...defaultSandboxLimits, log: notice });
  const judged: Judged[] = [];
  try {
    for (let from = 0; from < subjects.length; from += perRun)
      judged.push(...(await runGates(subjects.slice(from, from + perRun), gateTable, sandbox)));
  } finally {
    await sandbox.close();
  }
  return judged;
}

/** Gates that run code look at nothing a static gate has refused. */
const notRun = ({ verdicts }: Judged) =>
  gateTable.map(({ gate }) => gate).filter((gate) => !verdicts.some((verdict) => verdict.gate === gate));

function reportOf(subjects: readonly Case[], judged: readonly Judged[]) {
  return {
    ok: judged.every(({ failure }) => failure === undefined),
    environments: subjects.map(({ environment }, i) => ({
      hash: environmentHash(environment),
      question: environment.question,
      ok: judged[i]!.failure === undefined,
      refusedBy: judged[i]!.failure?.gate ?? null,
      gates: judged[i]!.verdicts,
      notRun: notRun(judged[i]!),
    })),
  };
}

function describe(subjects: readonly Case[], judged: readonly Judged[]): string[] {
  const refused = judged.filter(({ failure }) => failure !== undefined).length;
  const lines = subjects.flatMap(({ environment }, i) => [
    environmentLine(environment),
    ...judged[i]!.verdicts.filter(({ verdict }) => subjects.length === 1 || verdict === "fail").map(
      ({ gate, version, verdict, evidence }) => `  ${verdict}  ${gate} v${version}  ${evidence}`,
    ),
    ...(notRun(judged[i]!).length > 0
      ? [`  not run, for a cheaper gate refuses: ${notRun(judged[i]!).join(", ")}`]
      : []),
  ]);
  const verdict =
    refused === 0
      ? `verified: ${subjects.length} of ${subjects.length} pass all ${judged[0]!.verdicts.length} gates`
      : `refused: ${refused} of ${subjects.length}`;
  return [...lines, verdict];
}
