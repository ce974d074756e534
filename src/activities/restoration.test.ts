import { MockActivityEnvironment } from "@temporalio/testing";
import { expect, it } from "vitest";
import { RatchetError } from "../core/errors.ts";
import type { KnownUpdate } from "../core/ports/runs.ts";
import type { CpuPorts } from "./ports.ts";
import { createRestorationActivities } from "./restoration.ts";

const ref = (hash: string) => ({ kind: "checkpoint", hash, bytes: 1 });

/** A training of as many iterations, whose checkpoints are lost but for those that are whole. */
function training(iterations: number, whole: Set<string>) {
  const update = (iteration: number) => ({
    ...{ run: "long", stage: "rl", iteration, stepKey: `s${iteration}`, checkpoint: ref(`c${iteration}`) },
    recipe: { parent: ref(`c${iteration - 1}`), reference: null },
  });
  const ports = {
    artifacts: {
      find: async (_: string, hash: string) => {
        if (whole.has(hash)) return ref(hash);
        throw new RatchetError("ArtifactMissing", `${hash} is lost`, {});
      },
    },
    runs: { updateThatMade: async (hash: string) => update(Number(hash.slice(1))) },
  };
  const { planRestoration } = createRestorationActivities(ports as unknown as CpuPorts);
  return async () => {
    const plan = await new MockActivityEnvironment().run(planRestoration, `c${iterations}`);
    return (plan as KnownUpdate[]).map(({ iteration }) => iteration);
  };
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

it("plans from the nearest checkpoint that is whole, oldest first", async () => {
  expect(await training(6, new Set(["c0", "c3"]))()).toEqual([4, 5, 6]);
});

it("plans a long way back in parts that a history can hold, each after the one before", async () => {
  const whole = new Set(["c0"]);
  const plan = training(120, whole);
  expect(await plan()).toEqual(numbers(1, 50));
  whole.add("c50");
  expect(await plan()).toEqual(numbers(51, 100));
  whole.add("c100");
  expect(await plan()).toEqual(numbers(101, 120));
});

it("makes a policy again by the asking run's own name before it fetches others'", async () => {
  const asked: string[] = [];
  const ports = {
    artifacts: {},
    runs: {
      updateThatMade: async () => undefined,
      policySources: async () => ["hf:a/huge", "mine.gguf", "tiny"],
      getRun: async (run: string) => ({ run, input: { policy: "hf:z/own" } }),
      pinsOf: async () => [{ source: "hf:z/own", pinned: "hf:z/own@1" }],
    },
    preparePolicy: async (source: string) => {
      asked.push(source);
      return ref(source === "hf:a/huge" ? "lost" : "other");
    },
  };
  const { planRestoration } = createRestorationActivities(ports as unknown as CpuPorts);
  expect(await new MockActivityEnvironment().run(planRestoration, "lost")).toEqual([]);
  expect(asked).toEqual(["hf:z/own@1", "mine.gguf", "tiny", "hf:a/huge"]);
});
