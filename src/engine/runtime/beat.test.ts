import { afterEach, describe, expect, it, vi } from "vitest";
import { beating } from "./beat.ts";

afterEach(() => void vi.useRealTimers());

describe("beating", () => {
  it("says at once and every second that work goes on, until it ends, and gives its result", async () => {
    vi.useFakeTimers();
    const heard: unknown[] = [];
    const work = new Promise<string>((resolve) => setTimeout(() => resolve("done"), 2_500));
    const result = beating("work", (done) => heard.push(done), work);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await result).toBe("done");
    expect(heard).toEqual([
      { unit: "seconds of work", count: 0, total: 0 },
      { unit: "seconds of work", count: 1, total: 1 },
      { unit: "seconds of work", count: 2, total: 2 },
    ]);
  });

  it("rejects with what the listener throws, and is silent from then on", async () => {
    vi.useFakeTimers();
    const listener = vi.fn(() => {
      throw new Error("nobody listens");
    });
    const result = expect(beating("work", listener, new Promise(() => {}))).rejects.toThrow("nobody listens");
    await vi.advanceTimersByTimeAsync(5_000);
    await result;
    expect(listener).toHaveBeenCalledTimes(1);
  });
});
