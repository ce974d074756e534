/** Whether the author can write what an experiment's builds ask for, refused before anything starts where it cannot. */
import { type ScenarioType, scenarioTypes } from "../core/environment/environment.ts";
import { RatchetError } from "../core/errors.ts";
import type { BuildSpecification } from "../core/experiment/build.ts";
import type { ExperimentInput } from "../core/experiment/input.ts";
import { requestOf } from "../core/synthesis/proposal-request.ts";

/**
 * Has one candidate written of each scenario type that is not certain to be possible. Throws InvalidInput that names the
 * stage and what is wrong with it.
 */
export async function requireBuildable({ seed, stages }: ExperimentInput): Promise<void> {
  for (const [id, stage] of Object.entries(stages)) {
    if (stage.type !== "build") continue;
    const { environments } = stage;
    const asked = scenarioTypes.filter((type) => environments.scenarios[type] > 0);
    for (const scenario of asked.filter((type) => !isCertain(environments, type))) {
      // Its data take seconds to load, which a build that asks for nothing unusual need not wait for.
      const { createKnowledgeAuthor } = await import("../authors/knowledge/author.ts");
      const request = { ...requestOf(environments), scenarios: { [scenario]: 1 }, seed, from: 0, count: 1 };
      await createKnowledgeAuthor()
        .propose(request)
        .catch((error: unknown) => {
          if (!(error instanceof RatchetError)) throw error;
          const message = `field 'stages.${id}.environments': ${error.message}`;
          throw new RatchetError(error.type, message, error.fields, error);
        });
    }
  }
}

/** The author's own limits leave room for every type, and whatever a person's are, for one fact and its tool. */
function isCertain(build: BuildSpecification, scenario: ScenarioType): boolean {
  const { profile, domains, heldOut, complexity, maxTools, maxSubQuestions } = build;
  if (domains !== undefined || heldOut !== undefined || complexity !== undefined) return false;
  const isOneTool = scenario === "single_hop" && profile === "compact";
  return isOneTool || (maxTools === undefined && maxSubQuestions === undefined);
}
