/** Whether the author can write what an experiment's builds ask for, refused before anything starts where it cannot. */
import { scenarioTypes } from "../core/environment/environment.ts";
import { RatchetError } from "../core/errors.ts";
import type { ExperimentInput } from "../core/experiment/input.ts";
import { requestOf } from "../core/synthesis/proposal-request.ts";

/** Has one candidate of each scenario type written. Throws InvalidInput that names the stage and what is wrong with it. */
export async function requireBuildable({ seed, stages }: ExperimentInput): Promise<void> {
  const { createKnowledgeAuthor } = await import("../authors/knowledge/author.ts");
  const author = createKnowledgeAuthor();
  for (const [id, stage] of Object.entries(stages)) {
    if (stage.type !== "build") continue;
    const { environments } = stage;
    for (const scenario of scenarioTypes.filter((type) => environments.scenarios[type] > 0)) {
      const request = { ...requestOf(environments), scenarios: { [scenario]: 1 }, seed, from: 0, count: 1 };
      await author.propose(request).catch((error: unknown) => {
        if (!(error instanceof RatchetError)) throw error;
        const message = `field 'stages.${id}.environments': ${error.message}`;
        throw new RatchetError(error.type, message, error.fields, error);
      });
    }
  }
}
