/** What Temporal loads: one export for each workflow type. */
export { buildEnvironment } from "./build-environment.ts";
export { buildEnvironments } from "./build-environments.ts";
export { calibrateEnvironments } from "./calibrate-environments.ts";
export { evaluatePolicy } from "./evaluate-policy.ts";
export { experiment } from "./experiment.ts";
export { rollOut } from "./roll-out.ts";
export { trainPolicy } from "./train-policy.ts";
