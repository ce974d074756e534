/**
 * The wire names: task queues, workflow types and ids, messages, search attributes. Everything that speaks to Temporal
 * takes them from here, so that renaming one is a change in one place and a visible break of compatibility.
 */
import { defineSearchAttributeKey, SearchAttributeType } from "@temporalio/common";

export const taskQueues = {
  /** Workflow tasks. */
  workflows: "ratchet",
  /** Synthesis, sandboxed tools, scoring, reports. */
  cpu: "ratchet-cpu",
  /** Sampling from the policy, on the device. */
  sample: "ratchet-sample",
  /** Policy updates, on the device. */
  train: "ratchet-train",
} as const;

/** The worker deployment that every build of Ratchet is a version of. */
export const deploymentName = "ratchet";

/** The device worker's identity begins with this, so a history shows where an update ran. */
export const gpuWorkerIdentityPrefix = "ratchet-gpu";

export const workflowTypes = [
  "experiment",
  "buildEnvironments",
  "buildEnvironment",
  "trainPolicy",
  "rollOut",
  "evaluatePolicy",
  "calibrateEnvironments",
] as const;
export type WorkflowType = (typeof workflowTypes)[number];

export const messages = {
  /** Signals. */
  pause: "pause",
  resume: "resume",
  stopAfterIteration: "stopAfterIteration",
  /** From a child to its parent: how it is. */
  childState: "childState",
  /** Update, validated: other hyper-parameters from the next iteration on. */
  changeHyperparameters: "changeHyperparameters",
  /** Query: where the workflow stands. */
  progress: "progress",
} as const;

export const searchAttributes = {
  run: defineSearchAttributeKey("RatchetRun", SearchAttributeType.KEYWORD),
  stage: defineSearchAttributeKey("RatchetStage", SearchAttributeType.KEYWORD),
  iteration: defineSearchAttributeKey("RatchetIteration", SearchAttributeType.INT),
  reward: defineSearchAttributeKey("RatchetReward", SearchAttributeType.DOUBLE),
  solveF1: defineSearchAttributeKey("RatchetSolveF1", SearchAttributeType.DOUBLE),
  policy: defineSearchAttributeKey("RatchetPolicy", SearchAttributeType.KEYWORD),
} as const;

export const experimentWorkflowId = (run: string) => `experiment-${run}`;
export const stageWorkflowId = (run: string, stage: string) => `${run}.${stage}`;
