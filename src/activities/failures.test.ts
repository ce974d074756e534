import { defaultDataConverter } from "@temporalio/common";
import { MockActivityEnvironment } from "@temporalio/testing";
import { DefaultLogger } from "@temporalio/worker";
import { describe, expect, it } from "vitest";
import { RatchetError } from "../core/errors.ts";
import type { StepLedger } from "../core/ports/steps.ts";
import { guarded, runStep } from "./step.ts";

/** One attempt at the activity of that id. */
const attempt = (activityId: string, work: () => Promise<unknown>) =>
  new MockActivityEnvironment({ activityId }, { logger: new DefaultLogger("ERROR") }).run(work);

/** What each of the attempts throws, as Temporal sees it. */
async function failuresOf(activityId: string, attempts: number, work: () => Promise<unknown>) {
  const thrown: { type?: string; nonRetryable?: boolean; message: string }[] = [];
  for (let i = 0; i < attempts; i++)
    await attempt(activityId, work).catch((error) => {
      thrown.push({ type: error.type, nonRetryable: error.nonRetryable, message: error.message });
    });
  return thrown;
}

const noPython = new RatchetError("ServiceUnavailable", "python3 does not run; install it");

describe("an activity that is no step", () => {
  it("is given up at its fifth failure, with the sentence that its workflow parks on", async () => {
    const failing = guarded(() => Promise.reject(noPython));
    const retried = { type: "ServiceUnavailable", nonRetryable: false, message: noPython.message };
    expect(await failuresOf("no-python", 6, () => failing(undefined))).toEqual([
      ...[retried, retried, retried, retried],
      { ...retried, nonRetryable: true },
      retried, // resumed, it counts afresh
    ]);
  });

  it("is given up as unexpected where nobody foresaw its failure", async () => {
    const failing = guarded(() => Promise.reject(new TypeError("shards is undefined")));
    const thrown = await failuresOf("bug", 5, () => failing(undefined));
    const retried = { type: undefined, nonRetryable: undefined, message: "shards is undefined" };
    expect(thrown.slice(0, 4)).toEqual([retried, retried, retried, retried]);
    expect(thrown[4]).toEqual({
      type: "UnexpectedFailure",
      nonRetryable: true,
      message: "shards is undefined",
    });
  });

  it("says no more than Temporal shows of an activity that is tried again, whatever its causes", async () => {
    const deep = (depth: number): Error =>
      new Error(`cause ${depth}`, depth === 0 ? {} : { cause: deep(depth - 1) });
    const { failureConverter, payloadConverter } = defaultDataConverter;
    for (const error of [
      new RatchetError("ServiceUnavailable", "cannot fetch it", { url: "http://127.0.0.1:9" }, deep(5)),
      new Error("nobody foresaw it", { cause: deep(5) }),
    ]) {
      const failing = guarded(() => Promise.reject(error));
      const thrown = await attempt(error.message, () => failing(undefined)).catch(
        (failure: unknown) => failure,
      );
      const shown = failureConverter.errorToFailure(thrown, payloadConverter);
      expect(JSON.stringify(shown).length).toBeLessThan(4_096);
      expect(shown).toMatchObject({ message: error.message, cause: { message: "cause 5" } });
    }
  });

  it("counts by itself, and from its last success", async () => {
    let works = false;
    const failing = guarded(() => (works ? Promise.resolve() : Promise.reject(noPython)));
    const isGivenUp = async (activityId: string, attempts: number) =>
      (await failuresOf(activityId, attempts, () => failing(undefined))).some(
        ({ nonRetryable }) => nonRetryable,
      );
    expect(await isGivenUp("one", 4)).toBe(false);
    expect(await isGivenUp("another", 4)).toBe(false);
    works = true;
    await attempt("one", () => failing(undefined));
    works = false;
    expect(await isGivenUp("one", 4)).toBe(false);
    expect(await isGivenUp("one", 1)).toBe(true);
  });

  it("waits for a database and a Temporal for as long as they take", async () => {
    for (const type of ["DatabaseUnavailable", "TemporalUnavailable"] as const) {
      const failing = guarded(() => Promise.reject(new RatchetError(type, "does not answer")));
      const thrown = await failuresOf(type, 12, () => failing(undefined));
      expect(new Set(thrown.map(({ nonRetryable }) => nonRetryable))).toEqual(new Set([false]));
    }
  });
});

describe("a step whose failures the database cannot count", () => {
  it("is given up all the same: a database whose disk is full parks the run", async () => {
    const full = new RatchetError("StorageFull", "Postgres at localhost has no disk space left; free some");
    const ledger = {
      claim: () => Promise.reject(full),
      countFailure: () => Promise.reject(full),
    } as unknown as StepLedger;
    const context = { run: "r", stage: "s", branch: 0, seed: 1, iteration: 1 };
    const step = { kind: "sample-turn", version: 1, context, inputs: [] };
    const work = () => Promise.reject(new Error("never begun"));
    const thrown = await failuresOf("full", 5, () => runStep(ledger, { ...step, work }));
    expect(thrown.map(({ type, nonRetryable }) => [type, nonRetryable])).toEqual([
      ...[1, 2, 3, 4].map(() => ["StorageFull", false]),
      ["StorageFull", true],
    ]);
  });
});
