/** The report stage: everything an experiment found, as one page. */
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import type { ReportInput } from "./experiments.ts";
import type { CpuPorts } from "./ports.ts";
import { guarded } from "./step.ts";

export function createReportActivities(ports: CpuPorts) {
  return {
    writeReport: guarded(async (input: ReportInput): Promise<{ report: ArtifactRef }> => {
      return { report: await ports.artifacts.putJson("report", input) };
    }),
  };
}
