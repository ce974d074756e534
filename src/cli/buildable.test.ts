import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createKnowledgeAuthor } from "../authors/knowledge/author.ts";
import { type ExperimentInput, experimentInputSchema } from "../core/experiment/input.ts";
import { requireBuildable } from "./buildable.ts";

const tiny = JSON.parse(readFileSync("temporal/examples/tiny.json", "utf8")) as ExperimentInput;

/** The tiny experiment, whose training environments are asked for otherwise. */
function asking(changed: object): ExperimentInput {
  const build = tiny.stages["train-environments"] as { readonly environments: object };
  const environments = { ...build.environments, ...changed };
  const stages = { ...tiny.stages, "train-environments": { ...build, environments } };
  return experimentInputSchema.parse({ ...tiny, stages });
}

describe("what the author cannot write is refused, by stage", () => {
  it("a domain that it does not know", async () => {
    await expect(requireBuildable(asking({ domains: ["history"] }))).rejects.toMatchObject({
      type: "InvalidInput",
      message: expect.stringMatching(
        /^field 'stages\.train-environments\.environments': field 'domains' = \["history"\]: the knowledge author's domains are .*geography/,
      ),
    });
  });

  it("more facts than there may be tools for", async () => {
    const scenarios = { parallel_multi_hop: 4 };
    await expect(requireBuildable(asking({ scenarios, maxSubQuestions: 1 }))).rejects.toMatchObject({
      type: "InvalidInput",
      message: expect.stringMatching(
        /^field 'stages\.train-environments\.environments': proposing a parallel_multi_hop question .* maxSubQuestions = 1 /,
      ),
    });
  });

  it("and nothing else", async () => {
    await requireBuildable(asking({ domains: ["geography"] }));
  });

  it("but one fact with its one tool, which is certain and not tried", async () => {
    await requireBuildable(asking({ maxTools: 1, maxSubQuestions: 1 }));
    const author = createKnowledgeAuthor();
    for (const split of ["train", "validation", "test"] as const) {
      const limits = { maxTools: 1, maxSubQuestions: 1 };
      const request = { split, profile: "compact", scenarios: { single_hop: 1 }, ...limits } as const;
      expect(await author.propose({ ...request, seed: 1, from: 0, count: 20 })).toHaveLength(20);
    }
  });
});
