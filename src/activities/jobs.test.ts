import { MockActivityEnvironment } from "@temporalio/testing";
import { describe, expect, it } from "vitest";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import type { HeldNumerics, PolicyPin, StageRecord } from "../core/ports/runs.ts";
import { type BuildJob, createJobActivities } from "./jobs.ts";
import type { CpuPorts } from "./ports.ts";

const built: ArtifactRef = { kind: "environment-set", hash: "b".repeat(64), bytes: 12 };
const policy: ArtifactRef = { kind: "checkpoint", hash: "c".repeat(64), bytes: 7 };
const stages: readonly StageRecord[] = ["train-environments", "test-environments"].map((stage, i) => ({
  run: "first",
  stage,
  type: "build",
  inputHash: "",
  state: "done",
  result: { set: { ...built, hash: String(i).repeat(64) } },
}));

/** Runs that somebody let go on with other threads than their input's. */
const held: Readonly<Record<string, HeldNumerics>> = {
  asked: { numerics: { threads: 8 }, change: "asked" },
  given: { numerics: { threads: 2 }, change: "given" },
  elsewhere: { numerics: { threads: 8 }, change: "given" },
};

const pins: PolicyPin[] = [];
/** What the Hub's branch is at the moment, and what was fetched. */
let branchIs = "1".repeat(40);
const prepared: string[] = [];

/** Environments of every set. */
let stored = 8;

/** Ids of the runs that were put. */
const recorded: string[] = [];

/** A store that holds the two builds of run "first" and nothing else. */
const ports: CpuPorts = {
  engineThreads: 2,
  runs: {
    fenced: async () => ports.runs,
    getRun: async () => undefined,
    putRun: async ({ run }: { run: string }) => void recorded.push(run),
    putStage: async () => {},
    numericsOf: async (run: string) => held[run],
    getStages: async (run: string) => stages.filter((stage) => stage.run === run),
    pinsOf: async (run: string) => pins.filter((pin) => pin.run === run),
    putPin: async (pin: PolicyPin) => {
      pins.push(pin);
      return pin;
    },
  },
  artifacts: {
    find: async (kind: string, hash: string): Promise<ArtifactRef> => ({ kind, hash, bytes: 12 }),
  },
  environmentSet: async () => ({ environments: new Array(stored) }),
  pinPolicy: async (source: string) => source.replace("@main", `@${branchIs}`),
  preparePolicy: async (source: string) => {
    prepared.push(source);
    return policy;
  },
} as unknown as CpuPorts;

const resolved = async (environments: unknown) => {
  const job = await new MockActivityEnvironment().run(createJobActivities(ports).prepareEvaluation, {
    id: "second",
    seed: 1,
    policy: "tiny",
    environments,
    evaluation: {},
  } as never);
  return (job as { environments: ArtifactRef }).environments;
};

describe("the environments of an input", () => {
  it("may be a content hash", async () => {
    expect(await resolved(built.hash)).toEqual(built);
  });

  it("may be the name of a build, which is resolved to its content hash", async () => {
    expect(await resolved("first/test-environments")).toEqual({ ...built, hash: "1".repeat(64) });
  });

  it("are refused where a name means several builds or none", async () => {
    await expect(resolved("first")).rejects.toThrow(
      "environments 'first' names several builds; choose one of first/train-environments, first/test-environments",
    );
    await expect(resolved("other/build")).rejects.toThrow(
      "environments 'other/build' names no finished build",
    );
  });

  it("are refused where a text is neither", async () => {
    await expect(resolved("First Run")).rejects.toThrow(
      /field 'environments' = "First Run": must be a content hash, or the name of a build: RUN or RUN\/STAGE/,
    );
  });
});

describe("the shards of an evaluation or a calibration by hand", () => {
  const activities = createJobActivities(ports);
  const built = { split: "train", scenarios: { single_hop: 20_000, multi_hop: 12_000 } };
  const evaluate = (environments: unknown, shardSize: number) =>
    new MockActivityEnvironment().run(activities.prepareEvaluation, {
      ...{ id: "many", seed: 1, policy: "tiny", environments, evaluation: { shardSize } },
    } as never);
  const calibrate = (calibration: object) =>
    new MockActivityEnvironment().run(activities.prepareCalibration, {
      ...{ id: "many", seed: 1, policy: "tiny", environments: built, calibration },
    } as never);

  it("are at most 18000, in environments that are to be built", async () => {
    await expect(evaluate(built, 2)).resolves.toMatchObject({ run: "many" });
    await expect(evaluate(built, 1)).rejects.toMatchObject({
      type: "InvalidInput",
      message:
        "evaluatePolicy: field 'evaluation.shardSize' = 1: makes 32000 shards, and 18000 is the most whose references one message of Temporal has room for; raise it, or sample in fewer environments",
    });
  });

  it("are at most 18000, in a set that is stored", async () => {
    stored = 18_001;
    await expect(evaluate("first/test-environments", 1)).rejects.toThrow("makes 18001 shards");
    stored = 18_000;
    await expect(evaluate("first/test-environments", 1)).resolves.toMatchObject({ run: "many" });
  });

  it("are counted with those that are shown no tools", async () => {
    await expect(calibrate({ samples: 8, blindSamples: 8 })).resolves.toMatchObject({ run: "many" });
    await expect(calibrate({ samples: 10, blindSamples: 9 })).rejects.toThrow(
      "calibrateEnvironments: field 'calibration.shardSize' = 32: makes 19000 shards, and 18000 is the most whose references one message of Temporal has room for; raise it, or sample in fewer environments",
    );
  });
});

describe("what a build is kept clear of", () => {
  it("is named by content hash from its first activity on", async () => {
    const job = (await new MockActivityEnvironment().run(createJobActivities(ports).prepareBuild, {
      id: "third",
      seed: 1,
      environments: {
        split: "train",
        scenarios: { single_hop: 1 },
        contamination: ["first/test-environments", built.hash],
      },
    } as never)) as BuildJob;
    expect(job.environments.contamination).toEqual(["1".repeat(64), built.hash]);
  });
});

describe("the threads of an input", () => {
  const prepared = (id: string, threads: number) =>
    new MockActivityEnvironment().run(createJobActivities(ports).prepareEvaluation, {
      id,
      seed: 1,
      threads,
      policy: "tiny",
      environments: built.hash,
      evaluation: {},
    } as never);

  it("must be the engine's, and the message says how to go on", async () => {
    await expect(prepared("fresh", 8)).rejects.toThrow(
      "the run computes with threads = 8, the workers' engine has 2; start the workers with RATCHET_THREADS=8, let the run go on with other bits (npx ratchet resume fresh --accept-numerics), or ask for threads = 2 under a new id",
    );
    expect(await prepared("fresh", 2)).toMatchObject({ run: "fresh" });
  });

  it("park a run that is known by then, so that commands find it", async () => {
    await expect(prepared("parked", 8)).rejects.toThrow("the run computes with threads = 8");
    expect(recorded).toContain("parked");
  });

  it("no longer count once the run was let go on with others; then those do", async () => {
    expect(await prepared("asked", 8)).toMatchObject({ run: "asked" });
    expect(await prepared("given", 8)).toMatchObject({ run: "given" });
    await expect(prepared("elsewhere", 2)).rejects.toThrow("the run computes with threads = 8");
  });
});

describe("a policy that is a branch of the Hub", () => {
  const prepare = (id: string, source: string) =>
    new MockActivityEnvironment().run(createJobActivities(ports).prepareEvaluation, {
      ...{ id, seed: 1, policy: source, environments: built.hash, evaluation: {} },
    } as never);

  it("stays the commit that it was when the run began, though it moves on", async () => {
    prepared.length = 0;
    await prepare("third", "hf:org/name@main");
    branchIs = "2".repeat(40);
    await prepare("third", "hf:org/name@main");
    await prepare("fourth", "hf:org/name@main");
    const [first, second] = ["1", "2"].map((digit) => `hf:org/name@${digit.repeat(40)}`);
    expect(prepared).toEqual([first, first, second]);
    expect(pins.map(({ run, pinned }) => [run, pinned])).toEqual([
      ["third", first],
      ["fourth", second],
    ]);
  });

  it("is not noted where it says all by itself", async () => {
    await prepare("fifth", "tiny");
    expect(prepared.at(-1)).toBe("tiny");
    expect(pins.filter(({ run }) => run === "fifth")).toEqual([]);
  });
});
