import { describe, expect, it } from "vitest";
import { environmentHash } from "../environment/environment.ts";
import { assembleReport } from "./assemble.ts";
import { exampleEnvironments, exampleSources } from "./example-sources.test-support.ts";

const data = assembleReport(exampleSources);
const hashes = exampleEnvironments.map(environmentHash);

describe("what a report shows", () => {
  it("survives storage as JSON", () => {
    expect(JSON.parse(JSON.stringify(data))).toEqual(data);
  });

  it("names the model, and each benchmark once with its size", () => {
    expect(data.policy).toBe("tiny");
    expect(data.benchmarks).toEqual([{ name: "test environments (compact)", environments: 5, entities: 3 }]);
  });

  it("compares evaluations in their order", () => {
    expect(data.comparison.map(({ stage, means }) => [stage, means.solveR])).toEqual([
      ["before", 0.3],
      ["after", 0.6],
    ]);
    expect(data.comparison[1]!.overFirst!.solveR.mean).toBeCloseTo(0.3, 12);
  });

  it("gives each scenario type its own means", () => {
    expect(
      data.scenarios.map(({ scenario, environments, means }) => [
        scenario,
        environments,
        means.map(({ solveR }) => solveR),
      ]),
    ).toEqual([
      ["single_hop", 2, [0, 0.75]],
      ["multi_hop", 2, [0.75, 0.75]],
      ["parallel_multi_hop", 1, [0, 0]],
    ]);
  });

  it("counts what the gates passed, mended and refused", () => {
    const [set] = data.sets;
    expect(set!.scenarios).toEqual([
      { scenario: "single_hop", accepted: 2 },
      { scenario: "multi_hop", accepted: 2 },
      { scenario: "parallel_multi_hop", accepted: 1 },
    ]);
    expect(set!.repaired).toBe(1);
    expect(set!.gates).toEqual([
      { gate: "leak", passed: 5, quarantined: 1 },
      { gate: "oracle", passed: 5, quarantined: 0 },
      { gate: "garbage", passed: 0, quarantined: 1 },
    ]);
    expect(set!.quarantinedTotal).toBe(2);
  });

  it("shows the largest gain of each scenario type, the largest loss and what stays unsolved, each once", () => {
    expect(data.samples.map(({ environment, why }) => [hashes.indexOf(environment), why])).toEqual([
      [0, "largest gain of its scenario type"],
      [2, "largest gain of its scenario type"],
      [4, "of its scenario type, where none gained"],
      [3, "largest loss"],
    ]);
    expect(data.samples[0]!.sides.map(({ title, solveF1 }) => [title, solveF1])).toEqual([
      [exampleSources.input.stages.before!.title, 0],
      ["after RL", 1],
    ]);
  });

  it("calls nothing a gain that is none", () => {
    const [before, after] = exampleSources.evaluations;
    const shown = (evaluations: (typeof exampleSources)["evaluations"]) =>
      assembleReport({ ...exampleSources, evaluations }).samples.map(({ why }) => why);
    expect(shown([before!])).toEqual([
      ...new Array(3).fill("of its scenario type, where none gained"),
      "still unsolved",
    ]);
    expect(shown([after!, before!])[0]).toBe("smallest loss of its scenario type");
  });
});
