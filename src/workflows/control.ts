/**
 * How people steer a running workflow: pause, resume, stop after this iteration, and parking, which is what a workflow
 * does instead of failing when an operator can help.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  condition,
  defineQuery,
  defineSignal,
  setCurrentDetails,
  setHandler,
} from "@temporalio/workflow";
import { messages } from "./names.ts";

export const pauseSignal = defineSignal(messages.pause);
export const resumeSignal = defineSignal(messages.resume);
export const stopSignal = defineSignal(messages.stopAfterIteration);
export const progressQuery = defineQuery<Progress>(messages.progress);

export interface Progress {
  readonly state: "running" | "paused" | "parked" | "stopping";
  /** What a parked workflow waits for, and what would help. */
  readonly waitsFor: string | null;
  readonly details: string;
}

export interface Control {
  /** Returns when the workflow may go on. */
  gate(): Promise<void>;
  readonly stopping: boolean;
  /** Shown in the UI and to the `progress` query; Markdown. */
  describe(details: string): void;
  /** Runs the work; where it fails for want of something an operator can mend, waits for `resume` and tries again. */
  orPark<T>(work: () => Promise<T>): Promise<T>;
}

/** Failures that are nobody's input error: a person mends the machine and resumes. */
const mendable = new Set([
  "ArtifactMissing",
  "ArtifactCorrupt",
  "NumericsMismatch",
  "StorageFull",
  "DatabaseUnavailable",
  "ServiceUnavailable",
  "EngineFailure",
  "SandboxFailure",
  "UnexpectedFailure",
]);

export function installControl(): Control {
  let paused = false;
  let stopping = false;
  let waitsFor: string | null = null;
  let resumes = 0;
  let details = "";
  const state = () => (waitsFor !== null ? "parked" : paused ? "paused" : stopping ? "stopping" : "running");
  const show = () =>
    setCurrentDetails(
      waitsFor === null
        ? details
        : `**Parked**: ${waitsFor}\n\nSignal \`resume\` to try again.\n\n${details}`,
    );
  setHandler(pauseSignal, () => {
    paused = true;
  });
  setHandler(resumeSignal, () => {
    paused = false;
    resumes += 1;
  });
  setHandler(stopSignal, () => {
    stopping = true;
  });
  setHandler(progressQuery, () => ({ state: state(), waitsFor, details }));
  return {
    gate: () => condition(() => !paused),
    get stopping() {
      return stopping;
    },
    describe: (text) => {
      details = text;
      show();
    },
    orPark: async (work) => {
      for (;;) {
        try {
          return await work();
        } catch (error) {
          const failure = rootFailure(error);
          if (!failure?.type || !mendable.has(failure.type)) throw error;
          const seen = resumes;
          waitsFor = failure.message;
          show();
          await condition(() => resumes > seen);
          waitsFor = null;
          show();
        }
      }
    },
  };
}

function rootFailure(error: unknown): ApplicationFailure | undefined {
  if (error instanceof ApplicationFailure) return error;
  if (error instanceof ActivityFailure || error instanceof ChildWorkflowFailure)
    return rootFailure(error.cause);
  return undefined;
}
