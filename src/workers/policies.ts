/** Names of policies and where they come from; each ends as a checkpoint in the artifact store. */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
import type { ArtifactRef, ArtifactStore } from "../core/ports/artifacts.ts";
import { prepareSmolLM2 } from "../engine/policies/smollm2.ts";
import { prepareTiny } from "../engine/policies/tiny.ts";

/** The tiny policy's initial weights are drawn from this seed, the same for every run. */
const tinySeed = 0;

export function policyPreparer(artifacts: ArtifactStore, config: Config) {
  return async (source: string): Promise<ArtifactRef> => {
    const staging = await artifacts.stagingFolder();
    if (source === "tiny") await prepareTiny(staging, tinySeed);
    else if (source === "smollm2-135m-instruct") {
      const prepared = await prepareSmolLM2(join(config.cacheFolder, "policies"), {
        offline: config.offline,
        onProgress: () => undefined, // the activity that waits heartbeats by itself
      });
      await cp(prepared, staging, { recursive: true });
    } else await copyFolder(source, staging);
    return artifacts.adoptFolder("checkpoint", staging, { policy: source, parent: null });
  };
}

async function copyFolder(source: string, staging: string): Promise<void> {
  try {
    await cp(source, staging, { recursive: true });
  } catch (error) {
    throw new RatchetError(
      "InvalidInput",
      `field 'policy' = "${source}" is no policy: expected tiny, smollm2-135m-instruct or a readable Hugging Face folder; correct the path`,
      { field: "policy", value: source },
      error,
    );
  }
}
