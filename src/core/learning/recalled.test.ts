import { describe, expect, it } from "vitest";
import { comeTo, settingsAt } from "../experiment/changes.ts";
import { reinforcementSchema } from "../experiment/input.ts";
import type { Tripwires } from "../experiment/tripwires.ts";
import type { ChangeRecord, StoredTrip } from "../ports/runs.ts";
import { afterUpdate, type Course, courseFrom, recover, recoverBy } from "./course.ts";
import { approach, met, nothingRecalled, recall, tripAt } from "./recalled.ts";
import type { Trip } from "./tripwires.ts";

const iterations = 4;
const input = reinforcementSchema.parse({
  algorithm: "grpo",
  iterations,
  learningRate: 1,
  tripwires: { recovery: "lowerLearningRate", maxRecoveries: 1 },
});
const settings = "of this input";

/** What is in the store. */
interface Records {
  readonly trips: StoredTrip[];
  readonly changes: ChangeRecord[];
}

/** Every policy that iteration 2 makes is 5 nats from the reference, which iteration 3 measures. */
const klAt = (iteration: number) => (iteration === 3 ? 5 : 0);

/**
 * A training begun with what is in the store. It gives the updates that led to its newest policy, "iteration x rate, decay",
 * and the updates it made beside those in `made`; where it parks, `person` says what they change.
 */
function train({ trips, changes }: Records, made: Set<string>, person: (course: Course) => void = () => {}) {
  let course = courseFrom({ iteration: 1, branch: 0, latest: null, recent: [] });
  let recalled = recall(nothingRecalled, trips, settings);
  while (course.iteration <= iterations) {
    const { iteration, branch } = course;
    const parent = course.latest?.checkpoint.hash ?? "base";
    recalled = approach(recalled, { iteration, parent });
    const known = tripAt(recalled, { iteration, parent });
    if (known !== undefined) {
      recalled = met(recalled, known.id);
      course = recoverBy(known.action, course, known.trip, input.tripwires).course;
      continue;
    }
    const inForce = settingsAt(input, comeTo(changes, recalled.ahead), iteration);
    const tripwires: Tripwires = inForce.tripwires;
    const limit = tripwires.maxKl!;
    if (klAt(iteration) > limit) {
      const trip: Trip = { measure: "KL", value: 5, limit, blames: "policy", sentence: "too far" };
      const { action, sentence: outcome, course: back } = recover(course, trip, input.tripwires);
      const id = `${iteration} from ${parent}: ${outcome}`;
      const record = { run: "run", stage: "rl", branch, iteration, parent, trip, action, outcome, settings };
      if (!trips.some((kept) => kept.id === id)) trips.push({ ...record, id });
      recalled = met(recalled, id);
      course = back;
      if (action === "park") person(course);
      continue;
    }
    const hash = `${parent === "base" ? "" : `${parent}; `}${iteration} x ${course.learningRateScale}, ${inForce.weightDecay}`;
    made.add(hash);
    const checkpoint = { kind: "checkpoint", hash, bytes: 1 };
    const reached = { checkpoint, weightsSha256: hash, optimizerSha256: hash, branch, reward: 1 };
    course = afterUpdate(course, { ...reached, metrics: { gradientNorm: 1 } }, tripwires);
  }
  return course.latest!.checkpoint.hash;
}

describe("a training that is begun again after its tripwires tripped", () => {
  it.each([
    [
      "tripwires.maxKl",
      [{ name: "tripwires.maxKl", from: 1, to: 10 }],
      "1 x 1, 0; 2 x 0.5, 0; 3 x 0.5, 0; 4 x 0.5, 0",
    ],
    [
      "tripwires.maxKl and weightDecay",
      [
        { name: "tripwires.maxKl", from: 1, to: 10 },
        { name: "weightDecay", from: 0, to: 0.1 },
      ],
      "1 x 1, 0; 2 x 0.5, 0.1; 3 x 0.5, 0.1; 4 x 0.5, 0.1",
    ],
  ])("takes the course that it took, though %s was set since", (_, changes, newest) => {
    const records: Records = { trips: [], changes: [] };
    const made = new Set<string>();
    const change = ({ iteration }: Course) => {
      const afterTrip = records.trips.at(-1)!.id;
      records.changes.push({ run: "run", stage: "rl", id: "u", iteration, afterTrip, changes });
    };
    expect(train(records, made, change)).toBe(newest);
    expect(records.trips.map(({ action }) => action)).toEqual(["lowerLearningRate", "park"]);
    const before = new Set(made);
    expect(train(records, made)).toBe(newest);
    expect(made).toEqual(before);
  });

  it("does not take those of another input, nor those that it does not come to", () => {
    const trip = (iteration: number, parent: string) =>
      ({ id: `${iteration} from ${parent}`, iteration, parent, settings }) as StoredTrip;
    const trips = [trip(5, "p4"), trip(4, "p3"), trip(7, "p6")];
    expect(recall(nothingRecalled, trips, "of another input").ahead).toEqual([]);
    const recalled = recall(nothingRecalled, trips, settings);
    const far = approach(recalled, { iteration: 4, parent: "p3" });
    expect(far.ahead).toEqual(trips);
    expect(tripAt(far, { iteration: 4, parent: "p3" })).toBeUndefined();
    expect(approach(recalled, { iteration: 5, parent: "other" }).ahead).toEqual([trips[2]]);
    const once = met(approach(recalled, { iteration: 5, parent: "p4" }), trips[0]!.id);
    expect(tripAt(once, { iteration: 4, parent: "p3" })).toBe(trips[1]);
    expect(recall(once, trips, settings).ahead).toEqual([trips[1], trips[2]]);
  });
});
