/** Stored sets by what a person calls them. A name is resolved once: histories hold the content hash it stood for. */
import { setNamed } from "../core/environment/build-name.ts";
import type { BuildSpecification } from "../core/experiment/build.ts";
import { isHash } from "../core/hash.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import type { CpuPorts } from "./ports.ts";

type Ports = Pick<CpuPorts, "artifacts" | "runs">;

/** By content hash, or the name of a build or import: RUN or RUN/STAGE. Throws InvalidInput where it names none. */
export async function storedSet(ports: Ports, given: string, field?: string): Promise<ArtifactRef> {
  const { hash } = isHash(given)
    ? { hash: given }
    : setNamed(given, await ports.runs.getStages(given.split("/")[0]!), field);
  return ports.artifacts.find("environment-set", hash);
}

/** What is to be built with the sets it names by content hash. */
export async function withHashes(ports: Ports, build: BuildSpecification): Promise<BuildSpecification> {
  if (build.contamination === undefined) return build;
  const contamination: string[] = [];
  for (const given of build.contamination)
    contamination.push((await storedSet(ports, given, "contamination")).hash);
  return { ...build, contamination };
}
