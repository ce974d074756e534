/** FTRL's five construction stages as activities on a batch of candidates, and the barrier that makes a set of batches. */
import type { Environment, EnvironmentSet } from "../core/environment/environment.ts";
import { environmentsPerPart, loadSet, storeIndex, storePart } from "../core/environment/stored-set.ts";
import { RatchetError } from "../core/errors.ts";
import type { BuildSpecification } from "../core/experiment/input.ts";
import type { Benchmark } from "../core/gates/contamination.ts";
import { type ProvenBatch, proveBatch } from "../core/gates/prove.ts";
import { gateTable } from "../core/gates/table.ts";
import type { Json } from "../core/json.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { createAssembler } from "../core/synthesis/assemble.ts";
import type { Batch, ScenarioCounts } from "../core/synthesis/batches.ts";
import type { Candidate, ScalingLevels } from "../core/synthesis/candidate.ts";
import { decompose } from "../core/synthesis/decompose/decompose.ts";
import { deploy, subjectsOf } from "../core/synthesis/deploy/deploy.ts";
import { document } from "../core/synthesis/document/document.ts";
import type { Decomposed, Drafted } from "../core/synthesis/draft.ts";
import { integrateProven, scaleProven } from "../core/synthesis/preserve.ts";
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
  /** Bundles of proven batches, in candidate order. */
  readonly bundles: readonly ArtifactRef[];
  /** Where the set must be complete, for there is no further round. */
  readonly last: boolean;
}

export interface BundleBatches {
  readonly context: StepContext;
  /** Proven batches, in candidate order. */
  readonly batches: readonly ArtifactRef[];
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

  const subjectTables = ports.author.subjectTables.bind(ports.author);

  const readBenchmark = async (hash: string): Promise<Benchmark> => {
    const ref = await ports.artifacts.find("environment-set", hash);
    const { name, environments } = await loadSet(ports.artifacts, ref);
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

    integrateTools: stage("integrated", 2, async (from: Drafted[]) =>
      integrateProven(from, await subjectTables(allSubjectsOf(from)), ports.sandbox),
    ),

    scaleComplexity: stage("scaled", 2, async (from: Drafted[]) =>
      scaleProven(from, await subjectTables(allSubjectsOf(from)), ports.sandbox),
    ),

    deployEnvironments: stage(
      "proven",
      1,
      async (from: Drafted[]): Promise<ProvenBatch> => {
        const deployed = deploy(from, await subjectTables(subjectsOf(from)));
        return proveBatch(deployed, subjectTables, ports.sandbox);
      },
      gateTable.map(({ gate, version }) => [gate, version]),
    ),

    /** One reference in the place of many, so that what a workflow carries stays small however large the set. */
    bundleBatches: ({ context, batches }: BundleBatches): Promise<ArtifactRef> =>
      runStep(ports.ledger, {
        kind: "bundle",
        version: 1,
        context,
        inputs: batches.map(({ hash }) => hash),
        work: () => whileAlive(async () => ({ result: await ports.artifacts.putJson("bundle", batches) })),
      }),

    assembleEnvironments: (input: AssembleEnvironments): Promise<AssembledSet> =>
      runStep(ports.ledger, {
        kind: "assembled",
        version: 4,
        context: input.context,
        inputs: [{ ...input.environments } as Json, input.bundles.map(({ hash }) => hash), input.last],
        work: () => whileAlive(async () => ({ result: await assembleStored(input) })),
      }),
  };

  /** One batch in memory at a time; parts are written as they fill. */
  async function assembleStored({
    context,
    environments: wanted,
    bundles,
    last,
  }: AssembleEnvironments): Promise<AssembledSet> {
    const { scenarios, contamination = [] } = wanted;
    const assembler = createAssembler(scenarios, await Promise.all(contamination.map(readBenchmark)));
    const parts: ArtifactRef[] = [];
    let waiting: Environment[] = [];
    let [accepted, repaired] = [0, 0];
    for (const bundle of bundles)
      for (const ref of (await ports.artifacts.getJson(bundle)) as ArtifactRef[]) {
        const batch = (await ports.artifacts.getJson(ref)) as ProvenBatch;
        const taken = assembler.take(batch);
        repaired += batch.repaired;
        accepted += taken.length;
        waiting.push(...taken);
        if (waiting.length < environmentsPerPart) continue;
        parts.push(await storePart(ports.artifacts, waiting.slice(0, environmentsPerPart)));
        waiting = waiting.slice(environmentsPerPart);
      }
    if (waiting.length > 0) parts.push(await storePart(ports.artifacts, waiting));
    const { missing, quarantined } = assembler;
    const wanting = Object.entries(missing).filter(([, count]) => count > 0);
    if (last && wanting.length > 0) throw exhausted(context.stage, accepted, quarantined[0], wanting);
    const set = { name: context.stage, tables: assembler.tables(), quarantined: [...quarantined] };
    return {
      set: await storeIndex(ports.artifacts, set, parts),
      accepted,
      repaired,
      quarantined: quarantined.length,
      missing,
    };
  }
}

/** Subjects of all tools a candidate may come to have, distractors included. */
const allSubjectsOf = (from: readonly Drafted[]): string[] =>
  [...new Set(from.flatMap(({ decomposed }) => Object.keys(decomposed.candidate.subjects)))].sort();

function dialled({ maxTools, maxSubQuestions, domains, heldOut, complexity }: BuildSpecification) {
  return {
    ...(maxTools === undefined ? {} : { maxTools }),
    ...(maxSubQuestions === undefined ? {} : { maxSubQuestions }),
    ...(domains === undefined ? {} : { domains }),
    ...(heldOut === undefined ? {} : { heldOut }),
    ...(complexity === undefined ? {} : { levels: complexity as Partial<ScalingLevels> }),
  };
}

function exhausted(
  name: string,
  accepted: number,
  reason: EnvironmentSet["quarantined"][number] | undefined,
  wanting: readonly (readonly [string, number])[],
): RatchetError {
  const missing = wanting.map(([type, count]) => `${count} ${type}`).join(", ");
  return new RatchetError(
    "EnvironmentsExhausted",
    `environments '${name}': ${accepted} accepted, ${missing} still missing after all rounds${reason ? `; e.g. gate ${reason.gate}: ${reason.reason}` : ""}; ask for fewer in scenarios, or another split or profile`,
    { accepted, missing: Object.fromEntries(wanting) },
  );
}
