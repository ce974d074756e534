import { afterEach, expect, it, vi } from "vitest";
import { RatchetError } from "../core/errors.ts";
import { patiently } from "./patience.ts";

afterEach(() => vi.restoreAllMocks());

const unanswered = new RatchetError("DatabaseUnavailable", "it does not answer", {});
const never = new AbortController().signal;

/** Fails at each of the given times, in minutes, and then gives "done". */
function failingAt(...minutes: number[]) {
  const times = minutes.map((minute) => minute * 60_000);
  vi.spyOn(performance, "now").mockImplementation(() => times.shift()!);
  return async () => {
    if (times.length > 0) throw unanswered;
    return "done";
  };
}

it("asks a service again that did not answer", async () => {
  expect(await patiently(failingAt(0, 1), never)).toBe("done");
});

it("is patient with every failure of work that lasts for hours", async () => {
  expect(await patiently(failingAt(60, 240), never)).toBe("done");
});

it("gives up on one that does not come back", async () => {
  await expect(patiently(failingAt(60, 61, 62.5, 63), never)).rejects.toBe(unanswered);
});

it("throws what else goes wrong, and ends when it is interrupted", async () => {
  const wrong = new RatchetError("InvalidInput", "no such run", {});
  await expect(patiently(() => Promise.reject(wrong), never)).rejects.toBe(wrong);
  await expect(patiently(() => Promise.reject(unanswered), AbortSignal.abort("over"))).rejects.toThrow();
});
