import { describe, expect, it } from "vitest";
import { createProgress, duration } from "./progress.ts";

function recorder() {
  const lines: string[] = [];
  const clock = { ms: 0 };
  const titles = { build: "build environments", train: "train" };
  const show = createProgress({ write: (line) => lines.push(line), nowMs: () => clock.ms, titles });
  return { lines, clock, show };
}

const running = (done: number, note?: string) => ({
  stage: "train",
  state: "running" as const,
  progress: { done, total: 10, unit: "iterations", ...(note === undefined ? {} : { note }) },
});

describe("progress in the terminal", () => {
  it("names a stage by its title when its state changes, and only then", () => {
    const { lines, show } = recorder();
    show([{ stage: "build", state: "waiting" }]);
    show([{ stage: "build", state: "running" }]);
    show([{ stage: "build", state: "running" }]);
    show([{ stage: "build", state: "cached" }]);
    expect(lines).toEqual(["build environments: running", "build environments: cached"]);
  });

  it("is silent about what had ended before it looked", () => {
    const { lines, show } = recorder();
    show([{ stage: "build", state: "done" }, running(1)]);
    show([{ stage: "build", state: "done" }, running(1)]);
    expect(lines).toEqual(["train: 1 of 10 iterations"]);
  });

  it("estimates the time left from the work done since it was first seen", () => {
    const { lines, clock, show } = recorder();
    show([running(4)]);
    clock.ms = 20_000;
    show([running(6, "reward 0.41")]);
    expect(lines).toEqual([
      "train: 4 of 10 iterations",
      "train: 6 of 10 iterations, about 40 s left (reward 0.41)",
    ]);
  });

  it("does not repeat a line whose estimate alone moved", () => {
    const { lines, clock, show } = recorder();
    show([running(1)]);
    clock.ms = 1_000;
    show([running(2)]);
    clock.ms = 5_000;
    show([running(2)]);
    expect(lines).toHaveLength(2);
  });
});

describe("duration", () => {
  it("speaks seconds, minutes and hours", () => {
    expect(duration(8_200)).toBe("8 s");
    expect(duration(200_000)).toBe("3 min 20 s");
    expect(duration(3_900_000)).toBe("1 h 5 min");
  });
});
