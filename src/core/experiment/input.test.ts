import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { RatchetError } from "../errors.ts";
import { type ExperimentInput, experimentInputSchema, trainInputSchema } from "./input.ts";
import { parseInput, parseRunInput } from "./parse.ts";
import { needsOf, planStages } from "./plan.ts";

const example = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`../../../temporal/examples/${name}.json`, import.meta.url), "utf8"));

function rejection(work: () => unknown): RatchetError {
  try {
    work();
  } catch (error) {
    if (error instanceof RatchetError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

const train = {
  id: "t",
  seed: 1,
  policy: "tiny",
  environments: { split: "train", scenarios: { single_hop: 1 } },
  training: { algorithm: "grpo", iterations: 1, learningRate: 1e-5 },
};

describe("an input", () => {
  it("is refused where it is nested deeper than anything that is read here", () => {
    const deep = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`) as unknown;
    const given = { ...train, odd: deep };
    expect(rejection(() => parseRunInput<unknown>(trainInputSchema, given, "trainPolicy")).message).toMatch(
      /^trainPolicy: it is nested more than 100 deep\n/,
    );
    expect(rejection(() => parseInput<unknown>(trainInputSchema, given, "trainPolicy")).message).toMatch(
      /^trainPolicy: field 'odd' = \(nested\): there is no such field\n/,
    );
  });

  it.each(["tiny", "quickstart"])("%s.json is accepted and its stages are ordered", (name) => {
    const input = parseInput(experimentInputSchema, example(name), "experiment");
    expect(planStages(input)).toEqual([
      "train-environments",
      "test-environments",
      "before",
      "cold-start",
      "after-cold-start",
      "rl",
      "after-rl",
      "report",
    ]);
  });

  it.each([
    [{ ...train, colour: "red" }, "trainPolicy: field 'colour' = \"red\": there is no such field\n"],
    [
      { ...train, colour: 1, training: { ...train.training, klCoeficient: 0, x: 1 } },
      "field 'training.klCoeficient' = 0: there is no such field (and 2 more)\n",
    ],
    [{ ...train, training: { ...train.training, learningRate: -1 } }, "training.learningRate"],
    [
      { ...train, training: { ...train.training, sampling: { temperature: 0 } } },
      "field 'training.sampling.temperature' = 0: draws the same response for all samples of a group, which leaves nothing to compare; give at least 0.000001, 1 by default\n",
    ],
    [{ ...train, seed: 1.5 }, "seed"],
    [{ ...train, id: "Not An Id" }, "id"],
    [{ ...train, environments: { split: "train", scenarios: {} } }, "environments.scenarios"],
    [{ ...train, environments: { split: "tests", scenarios: { single_hop: 1 } } }, "environments.split"],
  ])("%# is refused in at most three lines that name the field", (input, field) => {
    const { type, message } = rejection(() => parseInput(trainInputSchema, input, "trainPolicy"));
    expect(type).toBe("InvalidInput");
    expect(message).toContain(field);
    expect(message.split("\n").length).toBeLessThanOrEqual(3);
  });

  it.each([
    ["x\u0000", '"x\\u0000": holds U+0000, which no text in Postgres can hold; take it out'],
    ["x\ud83d", '"x\\ud83d": holds half of a surrogate pair, which is no character; take it out'],
  ])("that starts a run is refused where a text has what no store holds: %j", (policy, problem) => {
    const input = { ...example("tiny"), policy };
    const { type, message } = rejection(() => parseRunInput(experimentInputSchema, input, "experiment"));
    expect(type).toBe("InvalidInput");
    expect(message).toBe(
      `experiment: field 'policy' = ${problem}\ncorrect the field and start again; docs/inputs.md lists every field with its default and limits`,
    );
    const whole = { ...input, policy: "x \ud83d\ude00" };
    expect(() => parseRunInput(experimentInputSchema, whole, "experiment")).not.toThrow();
  });

  it.each([
    ["", "Too small: expected string to have >=1 characters"],
    ["x".repeat(101), "Too big: expected string to have <=100 characters"],
    ["one\ntwo", "must be one line without control characters"],
    ["\u001b[31mred", "must be one line without control characters"],
  ])("has a title for each stage that every place can show: not %j", (title, problem) => {
    const tiny = example("tiny") as { stages: Record<string, object> };
    const input = { ...tiny, stages: { ...tiny.stages, rl: { ...tiny.stages.rl, title } } };
    const { message } = rejection(() => parseInput(experimentInputSchema, input, "experiment"));
    expect(message).toContain("field 'stages.rl.title' = ");
    expect(message).toContain(problem);
  });

  it("keeps what its run was accepted with, by whichever rules, and nothing else", () => {
    const tiny = parseInput(experimentInputSchema, example("tiny"), "experiment");
    const rl = { ...tiny.stages.rl, title: "one\ntwo" } as ExperimentInput["stages"][string];
    const before = { ...tiny, policy: "x\u0000", stages: { ...tiny.stages, initial: rl, rl } };
    const read = (value: unknown) => parseRunInput(experimentInputSchema, value, "experiment", before);
    expect(read(before)).toEqual(before);
    expect(planStages(before)).toContain("initial");
    expect(read({ ...before, seed: 2 })).toEqual({ ...before, seed: 2 });
    const changed: [unknown, string][] = [
      [{ ...before, seed: -1 }, "field 'seed' = -1"],
      [
        { ...before, stages: { ...before.stages, rl: { ...rl, title: "" } } },
        "field 'stages.rl.title' = \"\"",
      ],
      [{ ...before, stages: { ...before.stages, report: rl } }, "field 'stages.report.title'"],
      [{ ...before, policy: "y\u0000" }, "field 'policy' = \"y\\u0000\": holds U+0000"],
      [undefined, "experiment: field '(top level)'"],
    ];
    for (const [value, problem] of changed) expect(rejection(() => read(value)).message).toContain(problem);
    const first = () => parseRunInput(experimentInputSchema, undefined, "experiment");
    expect(rejection(first).message).toContain("field '(top level)'");
  });

  it("compares no policy with itself", () => {
    const report = { type: "report", title: "r", evaluations: ["before", "after-rl", "before"] };
    const tiny = example("tiny") as { stages: Record<string, object> };
    const input = { ...tiny, stages: { ...tiny.stages, report } };
    expect(rejection(() => parseInput(experimentInputSchema, input, "experiment")).message).toContain(
      "names a stage twice; a policy is not compared with itself",
    );
  });

  it("that starts a run is refused where a name would be dropped without a word", () => {
    const text = JSON.stringify(example("tiny")).replace(
      '"stages":{',
      '"stages":{"__proto__":{"type":"train"},',
    );
    const start = () => parseRunInput(experimentInputSchema, JSON.parse(text), "experiment");
    expect(rejection(start).message).toContain(
      'field \'stages.__proto__\' = {"type":"train"}: nothing may have this name; give it another one',
    );
  });

  it("is refused by the rule of its stages' names", () => {
    const tiny = example("tiny") as { stages: Record<string, object> };
    const input = { ...tiny, stages: { ...tiny.stages, "A b": tiny.stages.rl } };
    expect(rejection(() => parseInput(experimentInputSchema, input, "experiment")).message).toContain(
      "its name must be 1 to 48 lower-case letters, digits and hyphens",
    );
  });

  it("fills in defaults", () => {
    const { training, threads, stage } = parseInput(trainInputSchema, train, "trainPolicy");
    expect({ threads, stage }).toEqual({ threads: 2, stage: "train" });
    expect(training).toMatchObject({ samplesPerPrefix: 8, clipLow: 0.2, klCoefficient: 0.001, maxTurns: 8 });
  });
});

describe("an experiment's stages", () => {
  const tiny = () => parseInput(experimentInputSchema, example("tiny"), "experiment") as ExperimentInput;

  it("may not name a stage that is not there", () => {
    const input = tiny();
    const rl = input.stages.rl as { policy: string };
    rl.policy = "warm-start";
    expect(rejection(() => planStages(input)).message).toBe(
      `experiment 'tiny': field 'stages.rl.policy' = "warm-start" names no train or select stage; train or select stages are: cold-start, rl`,
    );
  });

  it("may train on what an evaluation of theirs sampled, and then follow it", () => {
    const input = tiny();
    const cold = input.stages["cold-start"] as { training: { trajectories?: object } };
    const sampledBy = (from: string) => {
      cold.training.trajectories = { from, minSolveF1: 1, answerRight: true };
      return planStages(input);
    };
    (input.stages.before as { environments: string }).environments = "train-environments";
    (input.stages.report as { evaluations: string[] }).evaluations = ["after-cold-start", "after-rl"];
    const order = sampledBy("before");
    expect(order.indexOf("before")).toBeLessThan(order.indexOf("cold-start"));
    expect(needsOf(input.stages["cold-start"]!)).toEqual(["train-environments", "before"]);
    sampledBy("other-run/before");
    expect(needsOf(input.stages["cold-start"]!)).toEqual(["train-environments"]);
    expect(rejection(() => sampledBy("rl")).message).toBe(
      `experiment 'tiny': field 'stages.cold-start.training.trajectories.from' = "rl" names no evaluate stage; evaluate stages are: before, after-cold-start, after-rl`,
    );
  });

  it("may not train on what was sampled in another set than theirs", () => {
    const input = tiny();
    const cold = input.stages["cold-start"] as { training: { trajectories?: object } };
    cold.training.trajectories = { from: "before", minSolveF1: 1, answerRight: true };
    expect(rejection(() => planStages(input)).message).toBe(
      `experiment 'tiny': field 'stages.cold-start.training.trajectories.from' = "before": that stage samples in 'test-environments', and the training's environments are 'train-environments'; name the same`,
    );
  });

  describe.each(["report", "select"])("that compare policies in a %s", (type) => {
    const comparing = (environments: string) => {
      const input = tiny();
      const evaluations = ["before", "after-cold-start", "after-rl"];
      input.stages.report = { type, title: "", evaluations } as ExperimentInput["stages"][string];
      (input.stages["after-rl"] as { environments: string }).environments = environments;
      return input;
    };

    it("do so in one set of environments, and say so before anything is built", () => {
      expect(rejection(() => planStages(comparing("train-environments"))).message).toBe(
        `experiment 'tiny': field 'stages.report.evaluations' names 'before', in environments 'test-environments', and 'after-rl', in 'train-environments'; policies are compared in the same environments only: evaluate both in one of these, or compare 'after-rl' in a ${type} stage of its own`,
      );
    });

    it("may have it built by several stages", () => {
      const input = comparing("same");
      input.stages.same = { ...input.stages["test-environments"]!, title: "the same again" };
      expect(planStages(input)).toContain("same");
      (input.stages.same as { environments: { maxTools: number } }).environments = {
        ...(input.stages["test-environments"] as { environments: object }).environments,
        maxTools: 3,
      };
      expect(rejection(() => planStages(input)).fields.field).toBe("stages.report.evaluations");
    });
  });

  it("may not have the name of the policy that the experiment starts from", () => {
    const input = tiny();
    input.stages.initial = input.stages["cold-start"]!;
    const { message } = rejection(() => parseInput(experimentInputSchema, input, "experiment"));
    expect(message).toMatch(
      /^experiment: field 'stages.initial' = .*: stands for the policy that the experiment starts from; give the stage another id\n/,
    );
  });

  it("may not need each other in a cycle", () => {
    const input = tiny();
    (input.stages["cold-start"] as { policy: string }).policy = "rl";
    expect(rejection(() => planStages(input)).message).toBe(
      "experiment 'tiny': stages cold-start, rl need each other in a cycle; remove one of the references",
    );
    (input.stages["cold-start"] as { policy: string }).policy = "cold-start";
    expect(rejection(() => planStages(input)).message).toBe(
      "experiment 'tiny': stage cold-start needs itself; remove one of the references",
    );
  });
});
