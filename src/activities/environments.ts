/** FTRL's five construction stages as activities on a batch of candidates, and the barrier that makes a set of batches. */
import type { EnvironmentSet } from "../core/environment/environment.ts";
import { storeTables } from "../core/environment/stored-set.ts";
import { RatchetError } from "../core/errors.ts";
import type { BuildSpecification } from "../core/experiment/build.ts";
import { proveBatch } from "../core/gates/prove.ts";
import type { Json } from "../core/json.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import {
  afterRound,
  type Batch,
  isExhausted,
  type Proposals,
  type ScenarioCounts,
} from "../core/synthesis/batches.ts";
import type { Candidate } from "../core/synthesis/candidate.ts";
import { decompose } from "../core/synthesis/decompose/decompose.ts";
import { allSubjectsOf, deploy, subjectsOf } from "../core/synthesis/deploy/deploy.ts";
import { document } from "../core/synthesis/document/document.ts";
import type { Decomposed, Drafted } from "../core/synthesis/draft.ts";
import { rulesOf, type StageKind } from "../core/synthesis/pipeline.ts";
import { integrateProven, scaleProven } from "../core/synthesis/preserve.ts";
import { requestOf } from "../core/synthesis/proposal-request.ts";
import {
  type AssemblyCounts,
  emptyAssembly,
  growAssembly,
  type StoredAssembly,
  type StoredBatch,
  storeAssembled,
} from "./assembly.ts";
import type { CpuPorts } from "./ports.ts";
import { runSharedStep, type SharedResult } from "./shared-step.ts";
import type { StepContext } from "./step.ts";

export interface BuildBatch {
  readonly context: StepContext;
  readonly environments: BuildSpecification;
  readonly batch: Batch;
}

export type FromStage = BuildBatch & { readonly from: ArtifactRef };

export type StageResult = SharedResult<ArtifactRef>;

export interface AssembleRound {
  readonly context: StepContext;
  readonly environments: BuildSpecification;
  /** What the rounds before came to; null before the first. */
  readonly assembly: ArtifactRef | null;
  /** How things stood when the round was planned. */
  readonly proposals: Proposals;
  readonly round: readonly Batch[];
  /** The round's batches, proven, in candidate order. */
  readonly proven: readonly ArtifactRef[];
}

export interface AssembledRound extends AssemblyCounts {
  readonly assembly: ArtifactRef;
  readonly proposals: Proposals;
  /** Null while anything is missing. */
  readonly set: ArtifactRef | null;
}

export interface AssembledSet extends AssemblyCounts {
  readonly set: ArtifactRef;
}

export function createEnvironmentActivities(
  ports: Pick<CpuPorts, "artifacts" | "ledger" | "author" | "sandbox">,
) {
  const { artifacts, author, sandbox, ledger } = ports;
  const shared = (kind: StageKind, run: string, inputs: Json, work: () => Promise<unknown>) =>
    runSharedStep<ArtifactRef>(ledger, {
      kind,
      run,
      inputs: [rulesOf(kind), author.name, author.version, inputs],
      work: async () => artifacts.putJson(kind, await work()),
    });
  const stage =
    <From>(kind: StageKind, work: (from: From) => Promise<unknown> | unknown) =>
    ({ context, from }: FromStage): Promise<StageResult> =>
      shared(kind, context.run, from.hash, async () => work((await artifacts.getJson(from)) as From));
  const subjectTables = author.subjectTables.bind(author);
  const allTablesFor = (from: readonly Drafted[]) =>
    subjectTables(allSubjectsOf(from.map(({ decomposed }) => decomposed.candidate)));

  return {
    decomposeScenarios: ({ context, environments, batch }: BuildBatch): Promise<StageResult> => {
      const request = { ...requestOf(environments), ...batch, seed: context.seed };
      return shared("decomposed", context.run, { ...request } as Json, async () => {
        const candidates: Candidate[] = await author.propose(request);
        return candidates.map(decompose);
      });
    },

    documentTools: stage("documented", (from: Decomposed[]) => from.map(document)),

    integrateTools: stage("integrated", async (from: Drafted[]) =>
      integrateProven(from, await allTablesFor(from), sandbox),
    ),

    scaleComplexity: stage("scaled", async (from: Drafted[]) =>
      scaleProven(from, await allTablesFor(from), sandbox),
    ),

    deployEnvironments: stage("proven", async (from: Drafted[]): Promise<StoredBatch> => {
      const deployed = deploy(from, await subjectTables(subjectsOf(from)));
      const { tables, ...proven } = await proveBatch(deployed, subjectTables, sandbox);
      return { ...proven, tables: await storeTables(artifacts, tables) };
    }),

    /** Takes a round into the set. Throws EnvironmentsExhausted where no further round would complete it. */
    assembleRound: async (input: AssembleRound): Promise<SharedResult<AssembledRound>> => {
      const { context, environments, assembly, proposals, round, proven } = input;
      const { contamination = [], scenarios } = environments;
      const inputs = [rulesOf("assembled"), context.stage, scenarios, contamination, assembly?.hash ?? null];
      return runSharedStep(ledger, {
        kind: "assembled",
        run: context.run,
        inputs: [...inputs, { ...proposals }, proven.map(({ hash }) => hash)] as Json,
        work: async () => {
          const before = assembly ? ((await artifacts.getJson(assembly)) as StoredAssembly) : emptyAssembly;
          const { missing } = proposals;
          const grown = await growAssembly(artifacts, before, proven, { missing, contamination });
          const next = afterRound(proposals, round, grown.missing);
          const isComplete = Object.keys(next.missing).length === 0;
          const { counts } = grown.assembly;
          if (!isComplete && isExhausted(next, scenarios))
            throw exhausted(context.stage, counts, grown.example, next.missing);
          return {
            ...counts,
            assembly: await artifacts.putJson("assembly", grown.assembly),
            proposals: next,
            set: isComplete ? await storeAssembled(artifacts, context.stage, grown.assembly) : null,
          };
        },
      });
    },
  };
}

function exhausted(
  name: string,
  { accepted }: AssemblyCounts,
  reason: EnvironmentSet["quarantined"][number] | undefined,
  missing: ScenarioCounts,
): RatchetError {
  const wanting = Object.entries(missing).map(([type, count]) => `${count} ${type}`);
  return new RatchetError(
    "EnvironmentsExhausted",
    `environments '${name}': ${accepted} accepted, ${wanting.join(", ")} still missing, and further candidates add nothing${reason ? `; e.g. gate ${reason.gate}: ${reason.reason}` : ""}; ask for fewer in scenarios, or another split or profile`,
    { accepted, missing },
  );
}
