/** `buildEnvironment`: one batch of scenarios through FTRL's five stages (arXiv 2508.08791, section 3), each durable. */
import type { BuildBatch } from "../activities/environments.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { installControl } from "./control.ts";
import { cpu } from "./proxies.ts";

export async function buildEnvironment(input: BuildBatch): Promise<ArtifactRef> {
  const control = installControl();
  const scenarios = await cpu.decomposeScenarios.executeWithOptions({ summary: "1 scenario decomposition" }, [
    input,
  ]);
  await control.gate();
  const documented = await cpu.documentTools.executeWithOptions({ summary: "2 document generation" }, [
    { ...input, from: scenarios },
  ]);
  await control.gate();
  const integrated = await cpu.integrateTools.executeWithOptions({ summary: "3 function integration" }, [
    { ...input, from: documented },
  ]);
  await control.gate();
  const scaled = await cpu.scaleComplexity.executeWithOptions({ summary: "4 complexity scaling" }, [
    { ...input, from: integrated },
  ]);
  await control.gate();
  return cpu.deployEnvironments.executeWithOptions({ summary: "5 localized deployment and gates" }, [
    { ...input, from: scaled },
  ]);
}
