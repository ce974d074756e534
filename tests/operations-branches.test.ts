/** Training goes on after an earlier iteration: a fork in a run of its own, a resume on a branch, a recovery by itself. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ReinforcementSettings } from "../src/core/experiment/input.ts";
import type { LineageRecord } from "../src/core/ports/runs.ts";
import { ratchet } from "./experiment-run.ts";
import { type Operated, operate, type Trained, trainingOnly, until } from "./operations-run.ts";

const iterations = 6;
let operated: Operated;
let undisturbed: Trained;
beforeAll(async () => {
  operated = await operate();
  await operated.begin(trainingOnly("parent", iterations));
  await operated.ended("parent");
  undisturbed = await trained("parent");
});
afterAll(() => operated.close());

const resultOf = async (run: string) =>
  (await operated.store.runs.getStages(run)).find(({ stage }) => stage === "rl")!
    .result as unknown as Trained;
async function trained(run: string): Promise<Trained> {
  const { weightsSha256, optimizerSha256 } = await resultOf(run);
  return { weightsSha256, optimizerSha256 };
}
const lineage = (run: string, branch = 0) => operated.store.runs.lineageOf(run, "rl", branch);
const iterationsOf = (updates: readonly LineageRecord[]) => updates.map(({ iteration }) => iteration);
const stateOf = async (workflowId: string) =>
  (await operated.client.workflow.getHandle(workflowId).query<{ state: string }>("progress")).state;
const recipeOf = async (update: LineageRecord) =>
  (await operated.store.runs.updateThatMade(update.checkpoint.hash))!.recipe;

interface Status {
  readonly state: string;
  readonly waits: string | null;
  readonly origins: readonly object[];
  readonly branches: readonly { readonly branch: number }[];
  readonly trips: readonly { readonly iteration: number; readonly action: string }[];
}
const status = (run: string) => JSON.parse(operated.command("status", run, "--json")) as Status;

describe("a fork of an experiment's training", () => {
  it("that changes nothing ends with the same weights, and computes what came after alone", async () => {
    operated.command("fork", "parent", "--stage", "rl", "--at-iteration", "4", "--id", "same");
    expect(await trained("same")).toEqual(undisturbed);
    expect(iterationsOf(await lineage("same"))).toEqual([5, 6]);
    const cached = (await operated.store.runs.getStages("same")).map(({ stage, state }) => [stage, state]);
    expect(cached).toEqual([
      ["train-environments", "cached"],
      ["cold-start", "cached"],
      ["rl", "done"],
    ]);
  });

  it("is told beside its own iteration where it goes back to that", async () => {
    operated.command("resume", "same", "--from-iteration", "5", "--stage", "rl");
    expect(await trained("same")).toEqual(undisturbed);
    expect(iterationsOf(await lineage("same"))).toEqual([5, 6]);
    const [forked, own] = [
      { run: "parent", stage: "rl", branch: 0, iteration: 4 },
      { run: "same", stage: "rl", branch: 0, iteration: 5 },
    ];
    expect(status("same").origins).toEqual([
      { stage: "rl", from: forked, changes: [] },
      { stage: "rl", from: own, changes: [] },
    ]);
  });

  it("of its cold start leaves what follows cached, where nothing changed", async () => {
    operated.command("fork", "parent", "--stage", "cold-start", "--at-iteration", "1", "--id", "warm");
    const stages = await operated.store.runs.getStages("warm");
    expect(stages.map(({ stage, state }) => [stage, state])).toEqual([
      ["train-environments", "cached"],
      ["cold-start", "done"],
      ["rl", "cached"],
    ]);
    // Of the training that the run ends with, though another run did it.
    expect(status("warm")).toMatchObject({ stage: "rl", iteration: 6, ...undisturbed });
  });

  it("trains on the same first batch under another learning rate, and shows what differs", async () => {
    const said = operated.command(
      ...["fork", "parent", "--stage", "rl", "--at-iteration", "5", "--set", "learningRate=0.0001"],
    );
    expect(said).toContain(
      "run parent-at-5, a fork of parent, goes on with rl after iteration 5\n  learningRate 0.001 -> 0.0001\n",
    );
    expect((await trained("parent-at-5")).weightsSha256).not.toBe(undisturbed.weightsSha256);
    const [forked, original] = [(await lineage("parent-at-5"))[0]!, (await lineage("parent"))[5]!];
    expect(forked.parent).toBe(original.parent);
    const recipes = [await recipeOf(forked), await recipeOf(original)];
    expect(recipes.map(({ batch }) => batch.hash)[0]).toBe(recipes[1]!.batch.hash);
    expect(recipes.map(({ optimizer }) => optimizer.learningRate)).toEqual([0.0001, 0.001]);
    expect(status("parent-at-5").origins).toEqual([
      {
        stage: "rl",
        from: { run: "parent", stage: "rl", branch: 0, iteration: 5 },
        changes: [{ name: "learningRate", from: 0.001, to: 0.0001 }],
      },
    ]);
  });

  it("is refused in one line where there is nothing to go on after", () => {
    const refused = (...args: string[]) => {
      const { status: code, stderr } = ratchet(operated.home, "fork", "parent", ...args);
      expect(code).toBe(2);
      return stderr;
    };
    expect(refused("--at-iteration", "2")).toBe(
      "ratchet: run 'parent' has several trainings (cold-start, rl); name one with --stage\n",
    );
    expect(refused("--at-iteration", "9", "--stage", "rl")).toBe(
      "ratchet: iteration 9 of 'rl' of run 'parent' is none to go on after: branch 0 has updates from iteration 1 to 6; give one of these\n",
    );
  });
});

describe("a fork of a training that was started by hand", () => {
  it("ends with the same weights, also where its checkpoint is made again", async () => {
    const { seed, threads, stages } = trainingOnly("hand", 2);
    const { checkpoint } = (await operated.store.runs.getStages("parent")).find(
      ({ stage }) => stage === "cold-start",
    )!.result as unknown as { checkpoint: { hash: string } };
    const { training } = stages.rl as { training: object };
    const environments = "parent/train-environments";
    const job = { id: "hand", stage: "rl", seed, threads, policy: checkpoint.hash, environments, training };
    const { workflow } = operated.client;
    await workflow.execute("trainPolicy", { workflowId: "hand", taskQueue: "ratchet", args: [job] });
    operated.command("gc", "--budget", "0");
    operated.command("fork", "hand", "--at-iteration", "1", "--id", "hand-fork");
    const [forked] = await lineage("hand-fork");
    const second = (await lineage("parent"))[1]!;
    expect([forked!.iteration, forked!.checkpoint]).toEqual([2, second.checkpoint]);
  });
});

describe("a run that is resumed from an earlier iteration", () => {
  it("goes on from there as undisturbed on a new branch, and keeps the old one", async () => {
    // Another window changes the input and nothing else, so that the training is not taken from the parent.
    const tripwires = { window: 11 } as ReinforcementSettings["tripwires"];
    await operated.begin(trainingOnly("altered", iterations, { tripwires }));
    await until(async () => (await lineage("altered")).length >= 1);
    await operated.client.workflow.getHandle("experiment-altered").signal("pause");
    await until(async () => (await stateOf("experiment-altered")) === "paused");
    const kept = String((await lineage("altered")).length);
    expect(Number(kept)).toBeLessThan(iterations);
    const open = ratchet(operated.home, "resume", "altered", "--from-iteration", "1", "--stage", "rl");
    expect(open.stderr).toMatch(
      /^ratchet: run 'altered' is under way .* end it first: npx ratchet stop altered/,
    );
    operated.command("set", "altered", "learningRate=0.0001");
    await operated.client.workflow.getHandle("experiment-altered").signal("resume");
    await operated.ended("altered");
    const before = await lineage("altered");
    expect((await trained("altered")).weightsSha256).not.toBe(undisturbed.weightsSha256);
    operated.command("resume", "altered", "--from-iteration", kept, "--stage", "rl");
    expect(await trained("altered")).toEqual(undisturbed);
    expect(iterationsOf(await lineage("altered", 1))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await lineage("altered")).toEqual(before);
    expect(status("altered").branches.filter(({ branch }) => branch === 1)).toHaveLength(1);
  });
});

/** KL to the reference is 0 in a stage's first iteration, and over this from then on. */
const noKl = 1e-12;
const guarded = (id: string, tripwires: Partial<ReinforcementSettings["tripwires"]>) =>
  trainingOnly(id, 3, { tripwires: { maxKl: noKl, ...tripwires } as ReinforcementSettings["tripwires"] });

describe("a training whose tripwire trips", () => {
  it("commits nothing, repeats with a lower learning rate, parks at the bound, and goes on once it is told to", async () => {
    await operated.begin(guarded("tripped", { recovery: "lowerLearningRate", maxRecoveries: 1 }));
    await until(async () => (await stateOf("experiment-tripped")) === "parked");
    expect(iterationsOf(await lineage("tripped", 0))).toEqual([1]);
    const [repeated] = await lineage("tripped", 1);
    expect((await recipeOf(repeated!)).optimizer.learningRate).toBe(0.0005);
    const { waits, trips } = status("tripped");
    expect(trips.map(({ iteration, action }) => [iteration, action])).toEqual([
      [2, "lowerLearningRate"],
      [2, "park"],
    ]);
    expect(waits).toMatch(
      /^parked: iteration 2 of rl is not committed, KL to the reference is \S+, above tripwires\.maxKl = 1e-12, after 1 recovery; .*npx ratchet set tripped learningRate=0\.00025/,
    );
    operated.command("set", "tripped", "tripwires.maxKl=10");
    await operated.client.workflow.getHandle("experiment-tripped").signal("resume");
    await operated.ended("tripped");
    expect(await resultOf("tripped")).toMatchObject({ iterations: 3, altered: true, stopped: false });
    expect((await lineage("tripped", 1)).map(({ iteration, branch }) => [iteration, branch])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
    // Begun again, with a limit that nothing trips any more, it keeps to the branch and the rate it recovered with.
    const ended = await trained("tripped");
    operated.command("resume", "tripped");
    expect(await trained("tripped")).toEqual(ended);
    expect(iterationsOf(await lineage("tripped", 0))).toEqual([1]);
    expect(iterationsOf(await lineage("tripped", 1))).toEqual([1, 2, 3]);
  });

  it("skips the iteration and drops the update before it, where its policy says so", async () => {
    await operated.begin(guarded("skipped", { recovery: "skipIteration" }));
    await operated.ended("skipped");
    const [last] = (await lineage("skipped")).slice(-1);
    expect(last!.iteration).toBe(3);
    expect(last!.parent).toBe((await lineage("parent"))[0]!.parent);
    expect(await resultOf("skipped")).toMatchObject({ iterations: 3, altered: false });
    expect(status("skipped").trips.map(({ iteration, action }) => [iteration, action])).toEqual([
      [2, "skipIteration"],
    ]);
  });
});
