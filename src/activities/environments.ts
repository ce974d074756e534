/** FTRL's five construction stages as activities on a batch of candidates, and the barrier that makes a set of batches. */
import type { EnvironmentSet } from "../core/environment/environment.ts";
import { RatchetError } from "../core/errors.ts";
import type { BuildSpecification } from "../core/experiment/input.ts";
import type { Benchmark } from "../core/gates/contamination.ts";
import { type ProvenBatch, proveBatch } from "../core/gates/prove.ts";
import { gateTable } from "../core/gates/table.ts";
import type { Json } from "../core/json.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { assemble } from "../core/synthesis/assemble.ts";
import type { Batch, ScenarioCounts } from "../core/synthesis/batches.ts";
import type { Candidate, ScalingLevels } from "../core/synthesis/candidate.ts";
import { decompose } from "../core/synthesis/decompose/decompose.ts";
import { deploy, subjectsOf } from "../core/synthesis/deploy/deploy.ts";
import { document } from "../core/synthesis/document/document.ts";
import type { Decomposed, Drafted } from "../core/synthesis/draft.ts";
import { integrate } from "../core/synthesis/integrate/integrate.ts";
import { scale } from "../core/synthesis/scale/scale.ts";
import type { CpuPorts } from "./ports.ts";
import { runStep, type StepContext, whileAlive } from "./step.ts";

export interface BuildBatch {
  readonly context: StepContext;
  readonly environments: BuildSpecification;
  readonly batch: Batch;
}

export type FromStage = BuildBatch & { readonly from: ArtifactRef };

export interface AssembleEnvironments {
  readonly context: StepContext;
  readonly environments: BuildSpecification;
  /** Proven batches, in any order: acceptance goes by candidate. */
  readonly batches: readonly ArtifactRef[];
  /** Where the set must be complete, for there is no further round. */
  readonly last: boolean;
}

export interface AssembledSet {
  readonly set: ArtifactRef;
  readonly accepted: number;
  readonly repaired: number;
  readonly quarantined: number;
  /** What is still missing, by scenario type. */
  readonly missing: ScenarioCounts;
}

export function createEnvironmentActivities(
  ports: Pick<CpuPorts, "artifacts" | "ledger" | "author" | "sandbox">,
) {
  const stage =
    <From, To>(
      kind: string,
      version: number,
      work: (from: From, input: FromStage) => Promise<To> | To,
      /** What else the result depends on. */
      rules: Json = null,
    ) =>
    (input: FromStage): Promise<ArtifactRef> =>
      runStep(ports.ledger, {
        kind,
        version,
        context: input.context,
        inputs: [ports.author.name, ports.author.version, input.from.hash, rules],
        work: () =>
          whileAlive(async () => {
            const from = (await ports.artifacts.getJson(input.from)) as From;
            return { result: await ports.artifacts.putJson(kind, await work(from, input)) };
          }),
      });

  const readBenchmark = async (hash: string): Promise<Benchmark> => {
    const ref = await ports.artifacts.find("environment-set", hash);
    const { name, environments } = (await ports.artifacts.getJson(ref)) as EnvironmentSet;
    return { name: `${name} (${hash.slice(0, 12)})`, environments };
  };

  return {
    decomposeScenarios: ({ context, environments, batch }: BuildBatch): Promise<ArtifactRef> =>
      runStep(ports.ledger, {
        kind: "decomposed",
        version: 1,
        context,
        inputs: [
          ports.author.name,
          ports.author.version,
          // What a set is kept clear of is looked at when it is assembled, and changes no candidate.
          { ...environments, contamination: null } as Json,
          context.seed,
          { ...batch },
        ],
        work: () =>
          whileAlive(async () => {
            const candidates: Candidate[] = await ports.author.propose({
              split: environments.split,
              profile: environments.profile,
              scenarios: environments.scenarios,
              ...dialled(environments),
              seed: context.seed,
              ...batch,
            });
            return { result: await ports.artifacts.putJson("decomposed", candidates.map(decompose)) };
          }),
      }),

    documentTools: stage("documented", 1, (from: Decomposed[]) => from.map(document)),

    integrateTools: stage("integrated", 1, (from: Drafted[]) => from.map(integrate)),

    scaleComplexity: stage("scaled", 1, (from: Drafted[]) => from.map(scale)),

    deployEnvironments: stage(
      "proven",
      1,
      async (from: Drafted[]): Promise<ProvenBatch> => {
        const subjectTables = ports.author.subjectTables.bind(ports.author);
        const deployed = deploy(from, await subjectTables(subjectsOf(from)));
        return proveBatch(deployed, subjectTables, ports.sandbox);
      },
      gateTable.map(({ gate, version }) => [gate, version]),
    ),

    assembleEnvironments: (input: AssembleEnvironments): Promise<AssembledSet> =>
      runStep(ports.ledger, {
        kind: "assembled",
        version: 2,
        context: input.context,
        inputs: [{ ...input.environments } as Json, input.batches.map(({ hash }) => hash), input.last],
        work: () =>
          whileAlive(async () => {
            const batches = await Promise.all(
              input.batches.map(async (ref) => (await ports.artifacts.getJson(ref)) as ProvenBatch),
            );
            const { scenarios, contamination = [] } = input.environments;
            const benchmarks = await Promise.all(contamination.map(readBenchmark));
            const { set, missing } = assemble(input.context.stage, batches, scenarios, benchmarks);
            const wanting = Object.entries(missing).filter(([, count]) => count > 0);
            if (input.last && wanting.length > 0) throw exhausted(set, wanting);
            return {
              result: {
                set: await ports.artifacts.putJson("environment-set", set),
                accepted: set.environments.length,
                repaired: batches.reduce((sum, { repaired }) => sum + repaired, 0),
                quarantined: set.quarantined.length,
                missing,
              },
            };
          }),
      }),
  };
}

/** What the specification says of candidates beyond their kind; what it leaves out the author decides. */
function dialled({ maxTools, maxSubQuestions, domains, heldOut, complexity }: BuildSpecification) {
  return {
    ...(maxTools === undefined ? {} : { maxTools }),
    ...(maxSubQuestions === undefined ? {} : { maxSubQuestions }),
    ...(domains === undefined ? {} : { domains }),
    ...(heldOut === undefined ? {} : { heldOut }),
    ...(complexity === undefined ? {} : { levels: complexity as Partial<ScalingLevels> }),
  };
}

function exhausted(set: EnvironmentSet, wanting: readonly (readonly [string, number])[]): RatchetError {
  const missing = wanting.map(([type, count]) => `${count} ${type}`).join(", ");
  const reason = set.quarantined[0];
  return new RatchetError(
    "EnvironmentsExhausted",
    `environments '${set.name}': ${set.environments.length} accepted, ${missing} still missing after all rounds${reason ? `; e.g. gate ${reason.gate}: ${reason.reason}` : ""}; ask for fewer in scenarios, or another split or profile`,
    { accepted: set.environments.length, missing: Object.fromEntries(wanting) },
  );
}
