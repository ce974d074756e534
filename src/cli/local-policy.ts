/** A policy that is a folder of the person's own: found and read whole before anything starts. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { RatchetError } from "../core/errors.ts";
import type { ExperimentInput } from "../core/experiment/input.ts";

/** The policies that workers prepare by themselves. */
const preparedPolicies: readonly string[] = ["tiny", "smollm2-135m-instruct"];

/**
 * The input with the folder's absolute path, as workers run elsewhere. Throws InvalidInput where there is no such folder,
 * ModelUnreadable where its weights are truncated or of an unknown architecture.
 */
export async function withLocalPolicy(input: ExperimentInput): Promise<ExperimentInput> {
  if (preparedPolicies.includes(input.policy)) return input;
  const folder = resolve(input.policy);
  if (!existsSync(folder))
    throw new RatchetError(
      "InvalidInput",
      `field 'policy' = "${input.policy}": there is no folder ${folder}; give ${preparedPolicies.join(", ")} or the path of a Hugging Face folder`,
      { field: "policy", value: input.policy },
    );
  // Half a gigabyte for a 135M model: a second of reading against a failure in the middle of a run.
  const { readWeights } = await import("../engine/formats/checkpoint.ts");
  await readWeights(folder);
  return { ...input, policy: folder };
}
