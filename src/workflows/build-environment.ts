/** `buildEnvironment`: one batch of scenarios through FTRL's five stages (arXiv 2508.08791, section 3), each durable. */
import type { BuildBatch } from "../activities/environments.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { cpu } from "./proxies.ts";

export async function buildEnvironment(input: BuildBatch): Promise<ArtifactRef> {
  const scenarios = await cpu.decomposeScenarios.executeWithOptions({ summary: "1 scenario decomposition" }, [
    input,
  ]);
  const documented = await cpu.documentTools.executeWithOptions({ summary: "2 document generation" }, [
    { ...input, from: scenarios },
  ]);
  const integrated = await cpu.integrateTools.executeWithOptions({ summary: "3 function integration" }, [
    { ...input, from: documented },
  ]);
  const scaled = await cpu.scaleComplexity.executeWithOptions({ summary: "4 complexity scaling" }, [
    { ...input, from: integrated },
  ]);
  return cpu.deployEnvironments.executeWithOptions({ summary: "5 localized deployment and gates" }, [
    { ...input, from: scaled },
  ]);
}
