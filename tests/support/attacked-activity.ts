/**
 * Attacks as a policy would make them: each is a tool of an environment of its own, called in one turn before a sound tool,
 * by the activity that runs tools in a worker. What is in memory here, store and ledger, is no part of what is tried.
 */
import { MockActivityEnvironment } from "@temporalio/testing";
import { DefaultLogger } from "@temporalio/worker";
import { recordResponses } from "../../src/activities/episode.ts";
import type { CpuPorts } from "../../src/activities/ports.ts";
import { createRolloutActivities, type RunTools } from "../../src/activities/rollouts.ts";
import type { ShardState } from "../../src/activities/shards.ts";
import type { Environment, EnvironmentSet, Tool } from "../../src/core/environment/environment.ts";
import type { ArtifactRef } from "../../src/core/ports/artifacts.ts";
import type { Sandbox, ToolInvocation, ToolOutcome } from "../../src/core/ports/sandbox.ts";
import type { CallRecord, Shard } from "../../src/core/trajectory/trajectory.ts";
import { callOf, characterCodec, newLedger, responseOf, setOf, startIn } from "./character-policy.ts";
import { caseOf, chainCandidate } from "./small-world.ts";

/** As workflows start the activity (src/workflows/proxies.ts). */
export const heartbeatTimeoutMs = 10_000;

export interface Attacked {
  readonly kind: ToolOutcome["kind"];
  /** The attack as the policy is told of it. */
  readonly call: CallRecord;
  /** The sound call after it, in the same turn. */
  readonly next: CallRecord;
}

export interface AttackedActivity {
  readonly attacked: readonly Attacked[];
  readonly wallMs: number;
  /** Between two heartbeats, or one and the activity's begin or end. */
  readonly longestSilenceMs: number;
}

const small = caseOf(chainCandidate);
const codec = characterCodec("?", Number.POSITIVE_INFINITY);
const sound = {
  javascript: "function sound() { return 'well'; }",
  python: "def sound():\n    return 'well'",
} as const;

export async function attackActivity(
  attacks: readonly ToolInvocation[],
  sandbox: Sandbox,
): Promise<AttackedActivity> {
  const environments = attacks.map(({ program }) => environmentWith(program));
  const asked = environments.map((environment, member) => {
    const response = responseOf(callOf("tool", {}) + callOf("sound", {}));
    return recordResponses({ ...startIn({ environment }), member }, [response], codec);
  });
  const kinds: ToolOutcome["kind"][] = [];
  const { stored, ref, ports } = portsWith(
    { ...setOf(small), environments },
    {
      ...sandbox,
      run: async (invocations) => {
        const outcomes = await sandbox.run(invocations);
        kinds.push(...outcomes.map(({ kind }) => kind));
        return outcomes;
      },
    },
  );
  const environment = new MockActivityEnvironment(
    { heartbeatTimeoutMs },
    { logger: new DefaultLogger("ERROR") },
  );
  const beats = [performance.now()];
  environment.on("heartbeat", () => beats.push(performance.now()));
  const input: RunTools = {
    context: { run: "attacked", stage: "rl", branch: 0, seed: 7, iteration: 1 },
    policy: ref("checkpoint", null),
    environments: ref("environment-set", null),
    shard: ref("shard", { environments: "", trajectories: asked } satisfies Shard),
    reward: "solve-f1",
    maxTurns: 4,
    maxResponseTokens: 100,
  };
  const { shard } = (await environment.run(createRolloutActivities(ports).runTools, input)) as ShardState;
  beats.push(performance.now());
  const { trajectories } = stored.get(shard.hash) as Shard;
  return {
    attacked: trajectories.map(({ turns }, i) => {
      const [call, next] = turns[0]!.calls as [CallRecord, CallRecord];
      return { kind: kinds[2 * i]!, call, next };
    }),
    wallMs: beats.at(-1)! - beats[0]!,
    longestSilenceMs: Math.max(...beats.slice(1).map((at, i) => at - beats[i]!)),
  };
}

function environmentWith({ runtime, code }: ToolInvocation["program"]): Environment {
  const toolOf = (name: string, source: string): Tool => ({
    document: { name, description: name, parameters: { type: "object", properties: {}, required: [] } },
    runtime,
    code: source,
    distractor: name === "tool",
  });
  const [question] = small.environment.subQuestions;
  return {
    ...small.environment,
    subQuestions: [{ ...question!, tool: "sound", answer: "well" }],
    tools: [toolOf("tool", code), toolOf("sound", sound[runtime])],
  };
}

/** Artifacts by number. */
function portsWith(set: EnvironmentSet, sandbox: Sandbox) {
  const stored = new Map<string, unknown>();
  const ref = (kind: string, value: unknown): ArtifactRef => {
    const hash = String(stored.size);
    stored.set(hash, value);
    return { kind, hash, bytes: 1 };
  };
  const ports = {
    artifacts: {
      putJson: async (kind: string, value: unknown) => ref(kind, value),
      getJson: async ({ hash }: ArtifactRef) => stored.get(hash),
    },
    ledger: newLedger,
    codec: async () => codec,
    environmentSet: async () => set,
    sandbox,
  } as unknown as CpuPorts;
  return { stored, ref, ports };
}
