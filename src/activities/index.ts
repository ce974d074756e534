/** The activities by name: those of the CPU queue, and those that need the device. */
import { createBatchActivities } from "./batches.ts";
import { createCalibrationActivities } from "./calibration.ts";
import { createChangeActivities } from "./changes.ts";
import { createEnvironmentActivities } from "./environments.ts";
import { createEvaluationActivities } from "./evaluation.ts";
import { createExperimentActivities } from "./experiments.ts";
import { createJobActivities } from "./jobs.ts";
import type { CpuPorts, DevicePorts } from "./ports.ts";
import { createReportActivities } from "./reports.ts";
import { createRestorationActivities } from "./restoration.ts";
import { createRolloutActivities } from "./rollouts.ts";
import { createSamplingActivities } from "./sampling.ts";
import { createTrainingActivities } from "./training.ts";
import { createTripActivities } from "./trips.ts";
import { createUpdateActivities } from "./updates.ts";

export function createCpuActivities(ports: CpuPorts) {
  return {
    ...createJobActivities(ports),
    ...createExperimentActivities(ports),
    ...createEnvironmentActivities(ports),
    ...createRolloutActivities(ports),
    ...createBatchActivities(ports),
    ...createTrainingActivities(ports),
    ...createTripActivities(ports),
    ...createChangeActivities(ports),
    ...createEvaluationActivities(ports),
    ...createCalibrationActivities(ports),
    ...createReportActivities(ports),
    ...createRestorationActivities(ports),
  };
}

export type CpuActivities = ReturnType<typeof createCpuActivities>;
export type SamplingActivities = ReturnType<typeof createSamplingActivities>;
export type UpdateActivities = ReturnType<typeof createUpdateActivities>;

export const createDeviceActivities = (ports: DevicePorts) => ({
  sampling: createSamplingActivities(ports),
  updates: createUpdateActivities(ports),
});
