/** A run that has closed, however it did, goes on from its last commit, whichever way a person begins it again. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ReinforcementSettings } from "../src/core/experiment/input.ts";
import { type Operated, operate, type Trained, trainingOnly, until } from "./operations-run.ts";

const iterations = 3;
const closings = ["failed", "terminated", "timed out"] as const;
const ways = ["resume", "reset", "the same input"] as const;
type Closing = (typeof closings)[number];
const cells = closings.flatMap((closing) => ways.map((way) => [closing, way] as const));
const idOf = (closing: Closing, way: string) => `${closing}-${way}`.replaceAll(" ", "-");
/** Long enough to be paused in, on a busy machine too; the other cells pass meanwhile. */
const runTimeoutMs = 45_000;

let operated: Operated;
let undisturbed: Trained;
beforeAll(async () => {
  operated = await operate();
  await operated.begin(trainingOnly("left-alone", iterations));
  await operated.ended("left-alone");
  undisturbed = await trained("left-alone");
  for (const [closing, way] of cells) if (closing === "timed out") await heldInside(idOf(closing, way), true);
});
afterAll(() => operated.close());

async function trained(run: string): Promise<Trained> {
  const rl = (await operated.store.runs.getStages(run)).find(({ stage }) => stage === "rl")!;
  const { weightsSha256, optimizerSha256 } = rl.result as unknown as Trained;
  return { weightsSha256, optimizerSha256 };
}
const updates = (run: string) => operated.store.runs.lineageOf(run, "rl", 0);
const experiment = (run: string) => operated.client.workflow.getHandle(`experiment-${run}`);

/** Another window changes the input and nothing else, so that the training is not taken from another run's. */
const inputOf = (run: string) => {
  const window = 11 + cells.findIndex(([closing, way]) => idOf(closing, way) === run);
  return trainingOnly(run, iterations, { tripwires: { window } as ReinforcementSettings["tripwires"] });
};

/** After its first update and before its last. */
async function heldInside(run: string, isTimed: boolean): Promise<void> {
  await operated.client.workflow.start("experiment", {
    workflowId: `experiment-${run}`,
    taskQueue: "ratchet",
    args: [inputOf(run)],
    ...(isTimed && { workflowRunTimeout: runTimeoutMs }),
  });
  await until(async () => (await updates(run)).length >= 1);
  await experiment(run).signal("pause");
  const stateOf = async () => (await experiment(run).query<{ state: string }>("progress")).state;
  await until(async () => (await stateOf()) === "paused");
  expect((await updates(run)).length).toBeLessThan(iterations);
}

async function close(closing: Closing, run: string): Promise<string> {
  if (closing !== "timed out") await heldInside(run, false);
  // What its stage's workflow was told from outside is no failure that parks.
  if (closing === "failed") await operated.client.workflow.getHandle(`${run}.rl`).terminate("test");
  if (closing === "terminated") await experiment(run).terminate("test");
  const status = async () => (await experiment(run).describe()).status.name;
  await until(async () => (await status()) !== "RUNNING");
  return status();
}

async function goOn(way: (typeof ways)[number], run: string): Promise<void> {
  switch (way) {
    case "resume":
      operated.command("resume", run);
      return;
    case "reset":
      // The pause that held it is a message that a reset would send again.
      operated.command(
        ...[
          "temporal",
          "workflow",
          "reset",
          "--workflow-id",
          `experiment-${run}`,
          "--type",
          "FirstWorkflowTask",
        ],
        ...["--reapply-exclude", "Signal", "--reason", "test"],
      );
      return;
    case "the same input":
      await operated.begin(inputOf(run));
  }
}

it.each(cells)("a run that %s goes on by %s", async (closing, way) => {
  const run = idOf(closing, way);
  expect(await close(closing, run)).toBe(
    { failed: "FAILED", terminated: "TERMINATED", "timed out": "TIMED_OUT" }[closing],
  );
  if (closing === "failed")
    expect(await experiment(run).query("progress")).toMatchObject({ state: "failed", waitsFor: null });
  const before = await updates(run);
  await goOn(way, run);
  expect((await operated.ended(run)).state).toBe("done");
  expect(await trained(run)).toEqual(undisturbed);
  // What was committed was taken, not made again.
  expect((await updates(run)).slice(0, before.length)).toEqual(before);
  expect(await operated.store.runs.lineageOf(run, "rl", 1)).toEqual([]);
});
