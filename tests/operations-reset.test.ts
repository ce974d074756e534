/** A training that is reset to before it was changed takes nothing over that its changed self has under way. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Operated, operate, type Trained, trainingOnly, until } from "./operations-run.ts";

/** Small shards, one after the other: an iteration is nearly always in one of them. */
const input = trainingOnly("undisturbed", 6, { shardSize: 1, shardsInFlight: 1 });

let operated: Operated;
beforeAll(async () => {
  operated = await operate();
  await operated.begin(input);
  await operated.ended("undisturbed");
});
afterAll(() => operated.close());

const resultOf = async (stage: string) =>
  (await operated.store.runs.getStages("undisturbed")).find((known) => known.stage === stage)!.result;
const updates = async (run: string) => (await operated.store.runs.lineageOf(run, "rl", 0)).length;
const training = () => operated.client.workflow.getHandle("reset");

interface Told {
  readonly state: string;
  readonly children: Readonly<Record<string, object>>;
}

/** Pauses the training in a shard of an iteration after this one; gives the shard's workflow id. */
async function heldInShardAfter(iteration: number): Promise<string> {
  for (;;) {
    await until(async () => (await updates("reset")) >= iteration);
    await training().signal("pause");
    await until(async () => (await training().query<Told>("progress")).state === "paused");
    const [shard] = Object.keys((await training().query<Told>("progress")).children);
    if (shard !== undefined) return shard;
    await training().signal("resume");
  }
}

it("a shard that samples from another policy is ended, and begun anew with the training's own", async () => {
  const { checkpoint } = (await resultOf("cold-start")) as unknown as { checkpoint: { hash: string } };
  const { seed, threads, stages } = input;
  const rl = stages.rl as { training: object };
  const job = { id: "reset", stage: "rl", seed, threads, training: rl.training };
  await operated.client.workflow.start("trainPolicy", {
    workflowId: "reset",
    taskQueue: "ratchet",
    args: [{ ...job, policy: checkpoint.hash, environments: "undisturbed/train-environments" }],
  });
  await until(async () => (await updates("reset")) >= 1);
  const { iteration } = await training().executeUpdate<{ iteration: number }, [object]>(
    "changeHyperparameters",
    { args: [{ learningRate: 1e-5 }] },
  );
  const shard = await heldInShardAfter(iteration);
  const { runId } = await operated.client.workflow.getHandle(shard).describe();
  const events = (await training().fetchHistory()).events!;
  const firstUpdate = events.findIndex(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === "updatePolicy",
  );
  const task = events.slice(0, firstUpdate).findLast((event) => event.workflowTaskCompletedEventAttributes)!;
  operated.command(
    ...["temporal", "workflow", "reset", "--workflow-id", "reset", "--event-id", String(task.eventId)],
    ...["--reapply-exclude", "All", "--reason", "test"],
  );
  const { weightsSha256, optimizerSha256 } = (await resultOf("rl")) as unknown as Trained;
  expect(await training().result()).toMatchObject({ weightsSha256, optimizerSha256, iterations: 6 });
  const ended = await operated.client.workflow.getHandle(shard, runId).describe();
  expect(ended.status.name).toBe("TERMINATED");
});
