import { describe, expect, it } from "vitest";
import type { StageRecord } from "../ports/runs.ts";
import { namedSets, setNamed } from "./build-name.ts";

const setOf = (digit: string) => ({ kind: "environment-set", hash: digit.repeat(64), bytes: 9 });
const build = (run: string, stage: string, digit: string): StageRecord => ({
  run,
  stage,
  type: "build",
  inputHash: "",
  state: "done",
  result: { set: setOf(digit), accepted: 1 },
});

describe("the name of a build", () => {
  it("is run/stage, or the run alone where it built one set", () => {
    const stages = [build("alone", "build", "a")];
    expect(setNamed("alone/build", stages)).toEqual(setOf("a"));
    expect(setNamed("alone", stages)).toEqual(setOf("a"));
  });

  it("may be the run alone where all its builds made the same set", () => {
    expect(setNamed("r", [build("r", "one", "a"), build("r", "two", "a")])).toEqual(setOf("a"));
  });

  it("is refused where it means several sets, with the choices", () => {
    const stages = [build("r", "train", "a"), build("r", "test", "b")];
    expect(() => setNamed("r", stages)).toThrow(
      "environments 'r' names several builds; choose one of r/train, r/test",
    );
  });

  it("is refused where nothing is built under it", () => {
    expect(() => setNamed("r/tset", [build("r", "test", "b")])).toThrow(
      "environments 'r/tset' names no finished build; choose one of r/test",
    );
    expect(() => setNamed("r", [])).toThrow("environments 'r' names no finished build\n");
  });

  it("belongs to finished builds alone", () => {
    const { result: _, ...running } = build("r", "b", "a");
    const other = { ...build("r", "t", "a"), type: "train" };
    expect(namedSets([running, other, build("r", "c", "c")])).toEqual([{ name: "r/c", set: setOf("c") }]);
  });
});
