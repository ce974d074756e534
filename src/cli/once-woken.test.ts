import { afterEach, expect, it, vi } from "vitest";
import { RatchetError } from "../core/errors.ts";
import { onceWoken } from "./once-woken.ts";

afterEach(() => vi.useRealTimers());

const never = new AbortController().signal;
const unknown = new RatchetError("InvalidInput", "RUN 'early' is unknown", {});

/** Unknown for as many looks. */
function storedAfter(looks: number) {
  let looked = 0;
  return async () => {
    if (looked++ < looks) throw unknown;
    return "stored";
  };
}

it("wakes a run that parked before it was stored, once, and gives it when it is", async () => {
  vi.useFakeTimers();
  const wake = vi.fn(async () => ["experiment-early"]);
  const found = onceWoken(storedAfter(3), wake, never);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await found).toBe("stored");
  expect(wake).toHaveBeenCalledTimes(1);
});

it("leaves a run alone that is stored", async () => {
  const wake = vi.fn(async () => []);
  expect(await onceWoken(storedAfter(0), wake, never)).toBe("stored");
  expect(wake).not.toHaveBeenCalled();
});

it("says that a run is unknown which is nowhere", async () => {
  await expect(onceWoken(storedAfter(1), async () => [], never)).rejects.toBe(unknown);
});

it("waits for no run that parks again", async () => {
  vi.useFakeTimers();
  const found = onceWoken(storedAfter(1_000), async () => ["experiment-early"], never);
  const refused = expect(found).rejects.toBe(unknown);
  await vi.advanceTimersByTimeAsync(30_000);
  await refused;
});
