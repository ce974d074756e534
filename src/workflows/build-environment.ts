/** `buildEnvironment`: one batch of scenarios through FTRL's five stages (arXiv 2508.08791, section 3), each durable. */
import type { BuildBatch, StageResult } from "../activities/environments.ts";
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import { requireParent } from "./alone.ts";
import { type Control, installControl } from "./control.ts";
import { cpu } from "./proxies.ts";

const stages = [
  "1 scenario decomposition",
  "2 document generation",
  "3 function integration",
  "4 complexity scaling",
  "5 localized deployment and gates",
] as const;

export interface BuiltBatch {
  readonly proven: ArtifactRef;
  /** Every stage was done before, by this run or another. */
  readonly cached: boolean;
}

export function buildEnvironment(input: BuildBatch): Promise<BuiltBatch> {
  requireParent("buildEnvironments");
  const control = installControl();
  return control.toItsEnd(buildBatch(control, input));
}

async function buildBatch(control: Control, input: BuildBatch): Promise<BuiltBatch> {
  const shown: ("done" | "cached")[] = [];
  const show = ({ cached }: StageResult) => {
    shown.push(cached ? "cached" : "done");
    const rows = stages.map((stage, i) => `| ${stage} | ${shown[i] ?? "waiting"} |`);
    control.describe(`| stage | state |\n|---|---|\n${rows.join("\n")}`);
  };
  const [summary1, summary2, summary3, summary4, summary5] = stages;
  const scenarios = await cpu.decomposeScenarios.executeWithOptions({ summary: summary1 }, [input]);
  show(scenarios);
  await control.gate();
  const documented = await cpu.documentTools.executeWithOptions({ summary: summary2 }, [
    { ...input, from: scenarios.result },
  ]);
  show(documented);
  await control.gate();
  const integrated = await cpu.integrateTools.executeWithOptions({ summary: summary3 }, [
    { ...input, from: documented.result },
  ]);
  show(integrated);
  await control.gate();
  const scaled = await cpu.scaleComplexity.executeWithOptions({ summary: summary4 }, [
    { ...input, from: integrated.result },
  ]);
  show(scaled);
  await control.gate();
  const proven = await cpu.deployEnvironments.executeWithOptions({ summary: summary5 }, [
    { ...input, from: scaled.result },
  ]);
  show(proven);
  return { proven: proven.result, cached: shown.every((state) => state === "cached") };
}
