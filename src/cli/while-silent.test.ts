import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { whileSilent } from "./while-silent.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => vi.useRealTimers());

function pending() {
  let resolve!: (text: string) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<string>((...both) => {
    [resolve, reject] = both;
  });
  return { promise, resolve, reject };
}
const settled = () => new Promise(setImmediate);

/** Work and the finding out why, each of which ends when told. */
function begin() {
  const work = pending();
  const why = pending();
  const asked = vi.fn(() => why.promise);
  const told: string[] = [];
  const given = whileSilent(
    () => work.promise,
    5_000,
    asked,
    (text) => told.push(text),
  );
  return { work, why, asked, told, given };
}

it("asks nothing where the work ends before a person wonders", async () => {
  const { work, asked, given } = begin();
  vi.advanceTimersByTime(4_999);
  work.resolve("recorded");
  expect(await given).toBe("recorded");
  vi.advanceTimersByTime(5_000);
  expect(asked).not.toHaveBeenCalled();
});

it("tells why it takes long, once", async () => {
  const { work, why, told, given } = begin();
  vi.advanceTimersByTime(60_000);
  why.resolve("no worker");
  await settled();
  expect(told).toEqual(["no worker"]);
  work.resolve("recorded");
  expect(await given).toBe("recorded");
});

it("tells nothing where the work ended while it was found out why", async () => {
  const { work, why, told, given } = begin();
  vi.advanceTimersByTime(5_000);
  work.reject(new Error("refused"));
  await expect(given).rejects.toThrow("refused");
  why.resolve("no worker");
  await settled();
  expect(told).toEqual([]);
});
