/** The tiny policy in an artifact folder, with random weights of a seed. */
import type { ArtifactRef, ArtifactStore } from "../../src/core/ports/artifacts.ts";
import { prepareTiny } from "../../src/engine/policies/tiny.ts";

export async function storedTiny(
  artifacts: Pick<ArtifactStore, "stagingFolder" | "adoptFolder">,
  seed = 0,
): Promise<ArtifactRef> {
  const staging = await artifacts.stagingFolder();
  await prepareTiny(staging, seed);
  return artifacts.adoptFolder("checkpoint", staging, { policy: "tiny", parent: null });
}
