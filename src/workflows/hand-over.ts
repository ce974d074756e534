/**
 * How an execution hands over to the next. The next begins with the build that is current then, also where this one was
 * pinned to an older: so a pinned workflow runs each execution with one build from end to end, and moves in between.
 */
import { makeContinueAsNewFunc, type Workflow, workflowInfo } from "@temporalio/workflow";

/** True of a pinned execution once another build than its own became the current one. */
export const isNewerBuildCurrent = (): boolean => workflowInfo().targetWorkerDeploymentVersionChanged;

/** True once the server calls this execution's history long: some thousands of events, a tenth of what it allows. */
export const isHistoryLong = (): boolean => workflowInfo().continueAsNewSuggested;

/** What is handed over must be readable by a build that is newer, or older where one goes back. */
export const handOver = <F extends Workflow>(...next: Parameters<F>): Promise<never> =>
  makeContinueAsNewFunc<F>({ initialVersioningBehavior: "AUTO_UPGRADE" })(...next);
