import { AsyncResource } from "node:async_hooks";
import { MockActivityEnvironment } from "@temporalio/testing";
import { describe, expect, it } from "vitest";
import type { OnProgress, PolicySampler, PolicyTrainer } from "../core/ports/policy.ts";
import { inTurns } from "./device-turns.ts";

const progress = (count: number) => ({ unit: "tokens", count, total: 9 });

/** Its process was forked by the first activity that used it, so all that it ever tells arrives in that one's context. */
function engineOfFirstUse() {
  let context: AsyncResource | undefined;
  const sample = (...[, , , onProgress]: Parameters<PolicySampler["sample"]>) => {
    context ??= new AsyncResource("engine process");
    const tell = (count: number) =>
      context!.runInAsyncScope((report: OnProgress) => report(progress(count)), null, onProgress);
    tell(1);
    tell(2);
    return Promise.resolve([]);
  };
  return { sample } as unknown as PolicySampler & PolicyTrainer;
}

function activity() {
  const environment = new MockActivityEnvironment();
  const beats: unknown[] = [];
  environment.on("heartbeat", (details: unknown) => beats.push(details));
  return { environment, beats };
}

const never = new AbortController().signal;
const policy = { kind: "checkpoint", hash: "p", bytes: 1 };
const options = { temperature: 0, topP: 1, maxNewTokens: 1 };

describe("work on the device", () => {
  it("beats for the activity it is done for, whichever one started the engine", async () => {
    const device = inTurns(engineOfFirstUse(), never);
    const [first, second] = [activity(), activity()];
    for (const { environment } of [first, second])
      await environment.run(() =>
        device((engine, onProgress, signal) => engine.sample(policy, [], options, onProgress, signal)),
      );
    expect(first.beats).toEqual([progress(1), progress(2)]);
    expect(second.beats).toEqual([progress(1), progress(2)]);
  });

  it("is one at a time, in the order it was asked for, failures included", async () => {
    const device = inTurns(engineOfFirstUse(), never);
    const log: string[] = [];
    const task = (name: string, fails: boolean) =>
      activity().environment.run(() =>
        device(async () => {
          log.push(`${name} begins`);
          await new Promise((resolve) => setImmediate(resolve));
          log.push(`${name} ends`);
          if (fails) throw new Error(`${name} failed`);
        }),
      );
    const outcomes = await Promise.allSettled([task("a", false), task("b", true), task("c", false)]);
    expect(log).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  it("cancelled while it waits, is never begun", async () => {
    const device = inTurns(engineOfFirstUse(), never);
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const long = activity().environment.run(() => device(() => ended));
    const { environment } = activity();
    let begun = false;
    const waiting = environment.run(() =>
      device(async () => {
        begun = true;
      }),
    );
    environment.cancel();
    end();
    await long;
    await expect(waiting).rejects.toThrow();
    expect(begun).toBe(false);
  });

  it("that waits is handed back when its worker ends, and what has begun goes on to its end", async () => {
    const ending = new AbortController();
    const device = inTurns(engineOfFirstUse(), ending.signal);
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const begun: string[] = [];
    const task = (name: string) =>
      activity().environment.run(() =>
        device(async () => {
          begun.push(name);
          await ended;
        }),
      );
    const first = task("a");
    const waiting = task("b");
    await new Promise((resolve) => setImmediate(resolve));
    ending.abort();
    const handedBack = { type: "WorkerShutdown", nonRetryable: false };
    await expect(waiting).rejects.toMatchObject(handedBack);
    await expect(task("c")).rejects.toMatchObject(handedBack);
    end();
    await first;
    expect(begun).toEqual(["a"]);
  });
});
