/**
 * What steps, and the stages that are made of them, are keyed by beside their inputs: a result is taken again for as long
 * as nothing that it depends on has changed. A step's number is raised when its meaning changes; its stages follow by
 * themselves, as all that encode or decode follow the codec.
 */
import { codecVersion } from "../core/ports/policy.ts";

export const stepVersions = {
  "start-shard": [2, codecVersion],
  "sample-turn": [3, codecVersion],
  "run-tools": [6, codecVersion],
  "score-evaluation": 3,
  "score-calibration": 3,
  "assemble-batch": 2,
  "golden-batch": [2, codecVersion],
  update: 2,
} as const;

const rollOut = [stepVersions["start-shard"], stepVersions["sample-turn"], stepVersions["run-tools"]];

/** The first number is raised when a stage comes to other results by the same steps. */
export const stageVersions = {
  build: 3,
  train: [2, rollOut, stepVersions["assemble-batch"], stepVersions["golden-batch"], stepVersions.update],
  evaluate: [3, rollOut, stepVersions["score-evaluation"]],
  select: 1,
  report: 1,
} as const;
