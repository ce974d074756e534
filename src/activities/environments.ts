/** FTRL's five construction stages as activities on a batch of candidates, and the barrier that makes a set of batches. */
import type { BuildSpecification } from "../core/experiment/input.ts";
import type { Json } from "../core/json.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import type { Batch, ScenarioCounts } from "../core/synthesis/batches.ts";
import type { Candidate } from "../core/synthesis/candidate.ts";
import { decompose } from "../core/synthesis/decompose/decompose.ts";
import { type DeployedBatch, deploy, subjectsOf } from "../core/synthesis/deploy/deploy.ts";
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
  readonly deployed: readonly ArtifactRef[];
  /** Where the set must be complete, for there is no further round. */
  readonly last: boolean;
}

export interface AssembledSet {
  readonly set: ArtifactRef;
  readonly accepted: number;
  readonly quarantined: number;
  /** What is still missing, by scenario type. */
  readonly missing: ScenarioCounts;
}

export function createEnvironmentActivities(ports: CpuPorts) {
  const stage =
    <From, To>(kind: string, version: number, work: (from: From, input: FromStage) => Promise<To> | To) =>
    (input: FromStage): Promise<ArtifactRef> =>
      runStep(ports.ledger, {
        kind,
        version,
        context: input.context,
        inputs: [input.from.hash],
        work: () =>
          whileAlive(async () => {
            const from = (await ports.artifacts.getJson(input.from)) as From;
            return { result: await ports.artifacts.putJson(kind, await work(from, input)) };
          }),
      });

  return {
    decomposeScenarios: ({ context, environments, batch }: BuildBatch): Promise<ArtifactRef> =>
      runStep(ports.ledger, {
        kind: "decomposed",
        version: 1,
        context,
        inputs: [
          ports.author.name,
          ports.author.version,
          { ...environments } as Json,
          context.seed,
          { ...batch },
        ],
        work: () =>
          whileAlive(async () => {
            const candidates: Candidate[] = await ports.author.propose({
              split: environments.split,
              profile: environments.profile,
              scenarios: environments.scenarios,
              ...(environments.maxTools === undefined ? {} : { maxTools: environments.maxTools }),
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
      "deployed",
      1,
      async (from: Drafted[]): Promise<DeployedBatch> =>
        deploy(from, await ports.author.subjectTables(subjectsOf(from))),
    ),

    assembleEnvironments: (input: AssembleEnvironments): Promise<AssembledSet> =>
      runStep(ports.ledger, {
        kind: "assembled",
        version: 1,
        context: input.context,
        inputs: [{ ...input.environments } as Json, input.deployed.map(({ hash }) => hash), input.last],
        work: () =>
          whileAlive(async () => {
            const batches = await Promise.all(
              input.deployed.map(async (ref) => (await ports.artifacts.getJson(ref)) as DeployedBatch),
            );
            const missing = { ...input.environments.scenarios };
            const environments = batches
              .flatMap(({ deployed }) => deployed.map(({ environment }) => environment))
              .filter(({ scenario }) => missing[scenario]-- > 0);
            const set = {
              format: "ratchet.environment-set.v1",
              name: input.context.stage,
              environments,
              tables: Object.assign({}, ...batches.map(({ tables }) => tables)),
              quarantined: [],
            };
            return {
              result: {
                set: await ports.artifacts.putJson("environment-set", set),
                accepted: environments.length,
                quarantined: 0,
                missing: Object.fromEntries(
                  Object.entries(missing).map(([type, count]) => [type, Math.max(0, count)]),
                ),
              },
            };
          }),
      }),
  };
}
