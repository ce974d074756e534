/** What a training does where a tripwire trips: the trip is recorded, and the course goes on from the last good checkpoint. */
import { type ApplicationFailure, upsertMemo } from "@temporalio/workflow";
import { branchOf, type Course, recover, recoverBy } from "../core/learning/course.ts";
import { parkAdvice } from "../core/learning/park-advice.ts";
import type { StoredTrip } from "../core/ports/runs.ts";
import type { Control } from "./control.ts";
import { tripOf, trippedFailure } from "./failures.ts";
import { cpu } from "./proxies.ts";
import { summaryLength } from "./summaries.ts";
import type { TrainingJob } from "./train-iteration.ts";

export interface Recovered {
  readonly course: Course;
  /** Of the recorded trip; nothing in histories of builds that did not give it. */
  readonly tripId: string | undefined;
  /** What to park on; null where the training goes on by itself. */
  readonly parks: ApplicationFailure | null;
}

/** Throws the error again where it is no tripwire's. `job` holds what the iteration was tried with. */
export async function recoverFrom(
  control: Control,
  { run, stage, policy, iterations, training, settings }: TrainingJob,
  tried: Course,
  error: unknown,
): Promise<Recovered> {
  const trip = tripOf(error);
  if (trip === undefined) throw error;
  const { iteration, branch, recoveries, latest } = tried;
  const { action, sentence: outcome, course } = recover(tried, trip, training.tripwires);
  const note = noteTrip(control, { iteration, trip, outcome });
  const kept = course.iteration - 1;
  const parent = (latest?.checkpoint ?? policy).hash;
  const tripId = await cpu.recordTrip.executeWithOptions({ summary: note.slice(0, summaryLength) }, [
    {
      trip: { run, stage, branch, iteration, parent, trip, action, outcome, ...(settings && { settings }) },
      progress: { done: kept, total: iterations, unit: "iterations", note, ...branchOf(course) },
    },
  ]);
  const { learningRate } = training;
  const advice = { run, stage, iteration, kept, recoveries, learningRate };
  return { course, tripId, parks: action === "park" ? trippedFailure(parkAdvice(trip, advice)) : null };
}

/** The course that the training took on a trip of before; where it parked, somebody has had it go on since. */
export function recoverAgain(
  control: Control,
  { training }: TrainingJob,
  tried: Course,
  known: StoredTrip,
): Course {
  noteTrip(control, known);
  return recoverBy(known.action, tried, known.trip, training.tripwires).course;
}

function noteTrip(
  control: Control,
  { iteration, trip, outcome }: Pick<StoredTrip, "iteration" | "trip" | "outcome">,
): string {
  const note = `tripwire at iteration ${iteration}: ${trip.sentence}; ${outcome}`;
  upsertMemo({ tripwire: note });
  control.describe(note);
  return note;
}
