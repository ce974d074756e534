/**
 * Where a training stands and how it goes on: after an update, after an iteration without one, and after a tripwire, when
 * it goes back to the last good checkpoint. Pure, so that a workflow that is replayed takes the same course.
 */
import type { Tripwires } from "../experiment/tripwires.ts";
import type { ArtifactRef } from "../ports/artifacts.ts";
import type { UpdateMetrics } from "../ports/policy.ts";
import type { RecentUpdate, Trip } from "./tripwires.ts";

/** A policy that an update made. */
export interface Reached {
  readonly checkpoint: ArtifactRef;
  readonly weightsSha256: string;
  readonly optimizerSha256: string;
}

export interface Course {
  /** The next one; 1 is the stage's first. */
  readonly iteration: number;
  /** Of the lineage. */
  readonly branch: number;
  /** Null where no update was made yet: the stage's own policy. */
  readonly latest: Reached | null;
  /**
   * Before the newest update: an iteration measured that state and found it good, as the newest one itself is measured
   * by the next. Null where nothing came before, or where the training has just gone back.
   */
  readonly before: Pick<Course, "iteration" | "branch" | "latest"> | null;
  /** Oldest first, at most as many as the tripwires compare with and one more, for when the newest is taken back. */
  readonly recent: readonly RecentUpdate[];
  /** What recoveries multiplied the learning rate with. */
  readonly learningRateScale: number;
  /** Since the training began or a person had it go on. */
  readonly recoveries: number;
}

export const courseFrom = (start: Pick<Course, "iteration" | "branch" | "latest" | "recent">): Course => ({
  ...start,
  before: null,
  learningRateScale: 1,
  recoveries: 0,
});

export function afterUpdate(
  course: Course,
  updated: Reached & {
    readonly branch: number;
    readonly reward: number | null;
    readonly metrics: Pick<UpdateMetrics, "gradientNorm">;
  },
  { window }: Tripwires,
): Course {
  const { checkpoint, weightsSha256, optimizerSha256, branch, reward } = updated;
  const { gradientNorm } = updated.metrics;
  const { iteration, latest } = course;
  return {
    ...course,
    iteration: iteration + 1,
    branch,
    latest: { checkpoint, weightsSha256, optimizerSha256 },
    before: { iteration, branch: course.branch, latest },
    recent: [...course.recent, { iteration, gradientNorm, reward }].slice(-window - 1),
  };
}

/** The iteration made no update. */
export const afterNothing = (course: Course): Course => ({ ...course, iteration: course.iteration + 1 });

/** For the stage's progress: a training without an update is on no branch yet, whatever the lineage holds of earlier ones. */
export const branchOf = ({ branch, latest }: Course): { readonly branch?: number } =>
  latest === null ? {} : { branch };

export interface Recovery {
  readonly action: Tripwires["recovery"];
  /** What was done, for people: "goes on with iteration 4 from the checkpoint of iteration 2". */
  readonly sentence: string;
  readonly course: Course;
}

/** What the tripwires' policy makes of a trip at the course's iteration; parks once its recoveries are used up. */
export const recover = (course: Course, trip: Trip, tripwires: Tripwires): Recovery =>
  recoverBy(
    course.recoveries < tripwires.maxRecoveries ? tripwires.recovery : "park",
    course,
    trip,
    tripwires,
  );

/** The same once it is known what was done. */
export function recoverBy(
  action: Tripwires["recovery"],
  course: Course,
  trip: Trip,
  tripwires: Tripwires,
): Recovery {
  const back = goBack(course);
  const recoveries = course.recoveries + 1;
  switch (action) {
    case "park":
      // A person's word starts the count afresh.
      return { action, sentence: "waits for a person", course: { ...back, recoveries: 0 } };
    case "lowerLearningRate": {
      const learningRateScale = course.learningRateScale * tripwires.learningRateFactor;
      const next = { ...back, learningRateScale, recoveries };
      const times = Number(learningRateScale.toPrecision(4));
      return {
        action,
        sentence: `repeats iteration ${next.iteration} with ${times} times its learning rate`,
        course: next,
      };
    }
    case "skipIteration": {
      const kept = trip.blames === "policy" ? back : course;
      const next = { ...kept, iteration: course.iteration + 1, recoveries };
      const without = kept.iteration === course.iteration ? "" : `, without the update of ${kept.iteration}`;
      return { action, sentence: `goes on with iteration ${next.iteration}${without}`, course: next };
    }
  }
}

function goBack(course: Course): Course {
  const { before, recent } = course;
  if (before === null) return course;
  return {
    ...course,
    ...before,
    before: null,
    recent: recent.filter(({ iteration }) => iteration < before.iteration),
  };
}
