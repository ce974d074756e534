/**
 * Builds on a real Temporal and Postgres: what is repeated is cached and says so. Whatever runs in many parts hands over
 * to another execution before its history grows too long, calibrations and evaluations too.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestWorkflowEnvironment } from "@temporalio/testing";
import { Worker } from "@temporalio/worker";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { AssembledSet } from "../src/activities/environments.ts";
import { createCpuActivities } from "../src/activities/index.ts";
import type { StartShard } from "../src/activities/rollouts.ts";
import { createKnowledgeAuthor } from "../src/authors/knowledge/author.ts";
import { readConfig } from "../src/config/config.ts";
import { environmentHash } from "../src/core/environment/environment.ts";
import { loadSet } from "../src/core/environment/stored-set.ts";
import type { BuildInput } from "../src/core/experiment/input.ts";
import type { Place } from "../src/core/learning/draw.ts";
import type { ArtifactRef } from "../src/core/ports/artifacts.ts";
import { defaultSandboxLimits } from "../src/sandbox/limits.ts";
import { createSandbox } from "../src/sandbox/sandbox.ts";
import { findTemporal } from "../src/services/temporal-binary.ts";
import { downloadTemporal } from "../src/services/temporal-download.ts";
import { openStore, type Store } from "../src/store/store.ts";
import { workflowBundle } from "../src/workers/bundle.ts";
import { searchAttributes, taskQueues } from "../src/workflows/names.ts";
import { startPostgres, type TestPostgres } from "./postgres.ts";

/** A history is called long from this many events on, so that a small build has to hand over. */
const eventsOfLongHistory = 24;

const stages = ["decomposed", "documented", "integrated", "scaled", "proven", "assembled"] as const;
const author = createKnowledgeAuthor();
const sandbox = createSandbox({ ...defaultSandboxLimits, log: () => {} });
let folder: string;
let postgres: TestPostgres;
let store: Store;
let temporal: TestWorkflowEnvironment;
let bundle: { codePath: string };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ratchet-build-"));
  postgres = await startPostgres();
  store = await openStore({ databaseUrl: await postgres.freshDatabase(), artifactFolder: folder });
  const config = readConfig(process.env);
  const { path } = findTemporal(config) ?? (await downloadTemporal(config, () => {}));
  temporal = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: "existing-path", path },
      searchAttributes: Object.values(searchAttributes),
      extraArgs: ["--dynamic-config-value", `limit.historyCount.suggestContinueAsNew=${eventsOfLongHistory}`],
    },
  });
  bundle = await workflowBundle(config.cacheFolder);
});
afterAll(async () => {
  await temporal?.teardown();
  await sandbox.close();
  await store?.close();
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

const inputOf = (id: string, count: number): BuildInput => ({
  id,
  stage: "environments",
  seed: 3,
  environments: {
    author: "knowledge",
    split: "train",
    profile: "compact",
    scenarios: { single_hop: count, parallel_single_hop: 0, multi_hop: count, parallel_multi_hop: 0 },
  },
});

type MakeActivities = typeof createCpuActivities;

interface Ended {
  readonly set: AssembledSet;
  readonly executions: number;
  /** What the UI shows, of the build and of its first batch. */
  readonly details: { readonly build: string; readonly batch: string };
  /** Steps that were done, and that were found done, by their kind. */
  readonly steps: Readonly<Record<string, "done" | "cached">>;
}

/** Runs a build to its end, with workers that are gone afterwards. */
async function build(input: BuildInput, make: MakeActivities = createCpuActivities): Promise<Ended> {
  const steps: Record<string, "done" | "cached"> = {};
  const ledger: Store["ledger"] = {
    ...store.ledger,
    claim: async (step) => {
      const claim = await store.ledger.claim(step);
      steps[step.kind] = claim.state === "committed" ? "cached" : "done";
      return claim;
    },
  };
  const unused = (): never => {
    throw new Error("a build has no use for this");
  };
  const activities = make({
    ...{ artifacts: store.artifacts, ledger, runs: store.runs, author, sandbox, engineThreads: 1 },
    ...{ environmentSet: unused, codec: unused, preparePolicy: unused, pinPolicy: unused },
    ...{ collectGarbage: unused, peekWorkflow: unused },
  });
  const connection = temporal.nativeConnection;
  const workers = [
    await Worker.create({ connection, taskQueue: taskQueues.workflows, workflowBundle: bundle }),
    await Worker.create({ connection, taskQueue: taskQueues.cpu, activities }),
  ] as const;
  const { workflow } = temporal.client;
  const ended = async (): Promise<Ended> => {
    const handle = await workflow.start("buildEnvironments", {
      ...{ args: [input], taskQueue: taskQueues.workflows, workflowId: input.id },
    });
    const set = (await handle.result()) as AssembledSet;
    const detailsOf = async (workflowId: string) =>
      ((await workflow.getHandle(workflowId).query("progress")) as { details: string }).details;
    let executions = 0;
    for await (const { workflowId } of workflow.list()) if (workflowId === input.id) executions += 1;
    const details = { build: await detailsOf(input.id), batch: await detailsOf(`${input.id}.c0`) };
    return { set, executions, details, steps };
  };
  return workers[0].runUntil(() => workers[1].runUntil(ended));
}

const each = (state: "done" | "cached") => Object.fromEntries(stages.map((stage) => [stage, state]));

describe("a build", () => {
  let first: Ended;
  beforeAll(async () => {
    first = await build(inputOf("first", 8));
  });

  it("does every stage, and gives as many environments as are wanted", async () => {
    expect(first.set.accepted).toBe(16);
    expect(first.steps).toEqual(each("done"));
    expect(first.details.build).toContain("0 of 1 batches cached");
    expect(first.details.batch).toContain("| 4 complexity scaling | done |");
  });

  it("under another id does nothing again, and says that it is cached", async () => {
    const again = await build(inputOf("again", 8));
    expect(again.set).toEqual(first.set);
    expect(again.steps).toEqual(each("cached"));
    expect(again.details.build).toContain("quarantined: cached");
    expect(again.details.build).toContain("1 of 1 batches cached");
    expect(again.details.batch).toContain("| 1 scenario decomposition | cached |");
    expect(again.details.batch).toContain("| 5 localized deployment and gates | cached |");
  });

  it("with another version of stage 4 does that stage and the next again, and the others not", async () => {
    vi.resetModules();
    vi.doMock("../src/core/synthesis/pipeline.ts", async (original) => {
      const module = await original<typeof import("../src/core/synthesis/pipeline.ts")>();
      const rulesOf: typeof module.rulesOf = (kind) =>
        kind === "scaled" || kind === "proven" ? [...module.rulesOf(kind), "raised"] : module.rulesOf(kind);
      return { ...module, rulesOf };
    });
    const { createCpuActivities: raised } = await import("../src/activities/index.ts");
    vi.doUnmock("../src/core/synthesis/pipeline.ts");
    const { set, steps, details } = await build(inputOf("raised", 8), raised);
    expect(steps).toEqual({
      ...{ decomposed: "cached", documented: "cached", integrated: "cached", scaled: "done", proven: "done" },
      // What came out is what was there before, and so is the set of it.
      assembled: "cached",
    });
    expect(set).toEqual(first.set);
    expect(details.batch).toContain("| 3 function integration | cached |");
    expect(details.batch).toContain("| 4 complexity scaling | done |");
  });
});

describe("a build of several rounds", () => {
  it("hands over to another execution between them, and ends with distinct environments", async () => {
    // Some of the first round's questions repeat others: the domain has 263 facts.
    const { environments: wanted, ...input } = inputOf("long", 0);
    const few = { ...wanted, domains: ["money"], scenarios: { ...wanted.scenarios, single_hop: 100 } };
    const { set, executions } = await build({ ...input, environments: few });
    expect(executions).toBeGreaterThan(1);
    const { environments } = await loadSet(store.artifacts, set.set);
    expect(new Set(environments.map(environmentHash)).size).toBe(100);
  });
});

describe("a policy that is sampled in many shards", () => {
  const count = 20;
  const ref = (kind: string, name: string) => ({ kind, hash: name, bytes: 1 });
  /** Members and twins of each shard that was begun, by its name. */
  const begun: string[] = [];
  const job = (settings: object) => async () => ({
    ...{
      run: "many",
      stage: "many",
      seed: 1,
      policyName: "tiny",
      policy: ref("checkpoint", "p"),
      build: null,
    },
    environments: ref("environment-set", "e"),
    ...settings,
  });
  const sampling = { temperature: 1, topP: 1, maxResponseTokens: 4 };
  const shared = { sampling, maxTurns: 1, shardSize: 2, shardsInFlight: 2 };
  /** They only answer, so that shards come to their end at once; what is scored is given back. */
  const activities = {
    prepareEvaluation: job({ evaluation: shared }),
    prepareCalibration: job({
      calibration: { ...shared, samples: 2, blindSamples: 1, difficulty: [], mostAnsweredBlind: 1 },
    }),
    countEnvironments: async () => count,
    startShard: async ({ members, blind }: StartShard) => {
      const places = (members as readonly Place[]).map(({ member, twin }) => `${member}/${twin}`);
      const name = `${blind ? "blind " : ""}${places.join(" ")}`;
      begun.push(name);
      return { shard: ref("shard", name), active: 0 };
    },
    recordProgress: async () => undefined,
    scoreEvaluation: async (input: object) => ({ ...input, summary: { solveF1: 1 } }),
    scoreCalibration: async (input: object) => input,
    finishAlone: async () => undefined,
  };
  /** The scored shards' names, and how many executions it took. */
  const sampled = async (workflowId: string, type: string) => {
    begun.length = 0;
    const connection = temporal.nativeConnection;
    const workers = [
      await Worker.create({ connection, taskQueue: taskQueues.workflows, workflowBundle: bundle }),
      await Worker.create({ connection, taskQueue: taskQueues.cpu, activities }),
    ] as const;
    return workers[0].runUntil(() =>
      workers[1].runUntil(async () => {
        const { workflow } = temporal.client;
        const options = { args: [{ id: workflowId }], taskQueue: taskQueues.workflows, workflowId };
        const { shards, blindShards = [] } = (await workflow.execute(type, options)) as {
          readonly shards: readonly ArtifactRef[];
          readonly blindShards?: readonly ArtifactRef[];
        };
        let executions = 0;
        for await (const found of workflow.list()) if (found.workflowId === workflowId) executions += 1;
        return { names: [...shards, ...blindShards].map(({ hash }) => hash), executions };
      }),
    );
  };

  it("is evaluated in several executions, and each shard in one of them, in order", async () => {
    const { names, executions } = await sampled("evaluated", "evaluatePolicy");
    expect(executions).toBeGreaterThan(1);
    expect(names).toEqual(Array.from({ length: 10 }, (_, i) => `${2 * i}/0 ${2 * i + 1}/0`));
    expect([...begun].sort()).toEqual([...names].sort());
  });

  it("is calibrated in several executions, without its tools too", async () => {
    const { names, executions } = await sampled("calibrated", "calibrateEnvironments");
    expect(executions).toBeGreaterThan(1);
    expect(names).toEqual([
      ...Array.from({ length: 20 }, (_, member) => `${member}/0 ${member}/1`),
      ...Array.from({ length: 10 }, (_, i) => `blind ${2 * i}/0 ${2 * i + 1}/0`),
    ]);
    expect([...begun].sort()).toEqual([...names].sort());
  });
});

describe("a part of a run", () => {
  it.each([
    ["buildEnvironment", "buildEnvironments"],
    ["rollOut", "evaluatePolicy or trainPolicy"],
  ])("that a person starts by itself fails and says what to start instead: %s", async (type, whole) => {
    const connection = temporal.nativeConnection;
    const worker = await Worker.create({
      connection,
      taskQueue: taskQueues.workflows,
      workflowBundle: bundle,
    });
    const options = { args: [{}], taskQueue: taskQueues.workflows, workflowId: `lone-${type}` };
    const failure = await worker
      .runUntil(temporal.client.workflow.execute(type, options))
      .catch((error: Error) => error.cause);
    expect(failure).toMatchObject({
      type: "InvalidInput",
      message: `workflow type '${type}' is a part that ${whole} starts; start that one instead (temporal/examples has an input)`,
    });
  });
});
