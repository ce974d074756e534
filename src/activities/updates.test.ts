import { MockActivityEnvironment } from "@temporalio/testing";
import { describe, expect, it } from "vitest";
import { reinforcementSchema } from "../core/experiment/input.ts";
import type { UpdateMetrics } from "../core/ports/policy.ts";
import type { DevicePorts } from "./ports.ts";
import { createUpdateActivities, type UpdatePolicy } from "./updates.ts";

const artifact = (kind: string, digit: string) => ({ kind, hash: digit.repeat(64), bytes: 1 });
const { tripwires } = reinforcementSchema.parse({ algorithm: "grpo", iterations: 1, learningRate: 0.1 });
const sound: UpdateMetrics = {
  steps: 1,
  loss: 0.1,
  policyLoss: 0.1,
  kl: 0.01,
  entropy: 1,
  clipFraction: 0,
  gradientNorm: 1,
  responseTokens: 10,
  packedTokens: 20,
};

const input: UpdatePolicy = {
  context: { run: "mine", stage: "rl", branch: 0, seed: 1, iteration: 2 },
  parent: artifact("checkpoint", "a"),
  reference: null,
  batch: artifact("batch", "b"),
  loss: { kind: "sft" },
  optimizer: {
    learningRate: 0.1,
    weightDecay: 0,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    maxGradientNorm: 1,
  },
  packTokens: 16,
  carryOptimizer: true,
  batchMetrics: {},
  guard: { tripwires, recent: [] },
};

/** An engine that measures what it is told to, and a ledger that notes what is committed. */
async function updated(metrics: UpdateMetrics) {
  const committed: string[] = [];
  const failures: string[] = [];
  const engine = {
    update: async () => ({
      checkpoint: artifact("checkpoint", "c"),
      weightsSha256: "w",
      optimizerSha256: "o",
      metrics,
    }),
  };
  const ports = {
    artifacts: { getJson: async () => [] },
    ledger: {
      claim: async () => ({ state: "claimed", fence: 1 }),
      commit: async (key: string, _fence: number, result: unknown) => {
        committed.push(key);
        return { result, isOwn: true };
      },
      countFailure: async (key: string) => failures.push(key),
    },
    device: (_run: string, work: (given: typeof engine) => unknown) => work(engine),
  } as unknown as DevicePorts;
  const { updatePolicy } = createUpdateActivities(ports);
  const ended = await new MockActivityEnvironment().run(updatePolicy, input).then(
    () => "committed",
    (error: unknown) => error,
  );
  return { ended, committed, failures };
}

describe("an update", () => {
  it("is committed within the limits of its tripwires", async () => {
    const { ended, committed } = await updated(sound);
    expect([ended, committed.length]).toEqual(["committed", 1]);
  });

  it.each([
    [{ kl: 6 }, "KL to the reference is 6, above tripwires.maxKl = 1"],
    [{ loss: Number.NaN }, "loss is NaN"],
    [{ gradientNorm: Number.POSITIVE_INFINITY }, "gradient norm is Infinity"],
  ])("is not committed with %j, and not tried again", async (measured, message) => {
    const { ended, committed, failures } = await updated({ ...sound, ...measured });
    expect(ended).toMatchObject({ type: "Diverged", nonRetryable: true, message });
    expect([committed, failures]).toEqual([[], []]);
  });
});
