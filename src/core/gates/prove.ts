/**
 * A deployed batch through all gates: environments that pass carry their verdicts, those that fail are repaired once and
 * tried again, and what still fails is quarantined with its reason. Nothing is dropped without being counted.
 */
import { type Environment, type EnvironmentSet, tablesOf } from "../environment/environment.ts";
import type { Json } from "../json.ts";
import type { EnvironmentAuthor } from "../ports/author.ts";
import type { Sandbox } from "../ports/sandbox.ts";
import { draftTools } from "../synthesis/construct.ts";
import { allSubjectsOf, type Deployed, type DeployedBatch, deploy } from "../synthesis/deploy/deploy.ts";
import { repairOf } from "./repair.ts";
import { type Judged, runGates } from "./run-gates.ts";
import { gateTable } from "./table.ts";

export interface ProvenBatch {
  /** In candidate order; `index` is the candidate's. */
  readonly accepted: readonly {
    readonly index: number;
    readonly environment: Environment;
    /** As first built, a gate refused it. */
    readonly isRepaired: boolean;
  }[];
  readonly quarantined: readonly (EnvironmentSet["quarantined"][number] & { readonly index: number })[];
  /** Tables of the accepted environments. */
  readonly tables: Readonly<Record<string, Json>>;
}

interface Attempt {
  readonly deployed: Deployed;
  readonly judged: Judged;
}

export async function proveBatch(
  batch: DeployedBatch,
  subjectTables: EnvironmentAuthor["subjectTables"],
  sandbox: Sandbox,
): Promise<ProvenBatch> {
  const first = await attempt(batch, sandbox);
  const repairs = first.flatMap(
    ({ deployed, judged }) => (judged.failure && repairOf(deployed, judged.failure)) ?? [],
  );
  const subjects = repairs.length > 0 ? await subjectTables(allSubjectsOf(repairs)) : {};
  const rebuilt = deploy(
    repairs.map((candidate) => draftTools(candidate, subjects)),
    subjects,
  );
  const second = new Map(
    (await attempt(rebuilt, sandbox)).map((one) => [one.deployed.candidate.index, one] as const),
  );
  const final = first.map((one) => second.get(one.deployed.candidate.index) ?? one);
  return provenOf(final, { ...batch.tables, ...rebuilt.tables }, (index) => second.has(index));
}

async function attempt({ deployed, tables }: DeployedBatch, sandbox: Sandbox): Promise<Attempt[]> {
  const judged = await runGates(
    deployed.map(({ environment }) => ({ environment, tables })),
    gateTable,
    sandbox,
  );
  return deployed.map((one, i) => ({ deployed: one, judged: judged[i]! }));
}

function provenOf(
  attempts: readonly Attempt[],
  tables: Readonly<Record<string, Json>>,
  wasRepaired: (index: number) => boolean,
): ProvenBatch {
  const passed = attempts.filter(({ judged }) => !judged.failure);
  const used = tablesOf(passed.map(({ deployed }) => deployed.environment));
  return {
    accepted: passed.map(({ deployed, judged }) => ({
      index: deployed.candidate.index,
      environment: { ...deployed.environment, gates: [...judged.verdicts] },
      isRepaired: wasRepaired(deployed.candidate.index),
    })),
    quarantined: attempts.flatMap(({ deployed, judged }) =>
      judged.failure
        ? [
            {
              index: deployed.candidate.index,
              question: deployed.environment.question,
              gate: judged.failure.gate,
              reason: judged.failure.finding.evidence,
            },
          ]
        : [],
    ),
    tables: Object.fromEntries(used.map((hash) => [hash, tables[hash]!])),
  };
}
