import { describe, expect, it } from "vitest";
import { evaluateInputSchema } from "../core/experiment/input.ts";
import type { RunRecord, StageRecord } from "../core/ports/runs.ts";
import { parseGiven } from "./accepted-input.ts";

const evaluation = { sampling: { temperature: 1e-9 } };
const raw = {
  ...{ id: "mine", stage: "before", seed: 1, threads: 2, policy: "tiny" },
  environments: "0".repeat(64),
  evaluation,
};
/** What an evaluation comes to whose run is stored so. */
const given = (workflowType: string, input: unknown, value: unknown = raw) => {
  const getRun = async (run: string) =>
    run === "mine" && workflowType !== "" ? ({ workflowType, input } as RunRecord) : undefined;
  return parseGiven({ getRun, getStages }, evaluateInputSchema, value, "evaluatePolicy");
};
const getStages = async (run: string) => (run === "four-rows" ? [{ stage: "import" } as StageRecord] : []);
const refused = "evaluatePolicy: field 'evaluation.sampling.temperature' = 1e-9";

describe("the input of a run that is begun again", () => {
  it("is read as it was accepted, by hand and as a stage of an experiment", async () => {
    expect(await given("evaluatePolicy", raw)).toEqual(raw);
    expect(await given("experiment", { stages: { before: { evaluation } } })).toEqual(raw);
  });

  it("is held to the rules where it is new, another one or another workflow's", async () => {
    await expect(given("", undefined)).rejects.toThrow(refused);
    await expect(given("evaluatePolicy", { ...raw, evaluation: {} })).rejects.toThrow(refused);
    await expect(given("experiment", { stages: { other: { evaluation } } })).rejects.toThrow(refused);
    await expect(given("trainPolicy", raw)).rejects.toThrow(refused);
    await expect(given("evaluatePolicy", raw, null)).rejects.toThrow("field '(top level)'");
    await expect(given("evaluatePolicy", raw, { ...raw, id: "A b" })).rejects.toThrow("field 'id'");
  });

  it("is refused where its id is the name of an import", async () => {
    const taken = { ...raw, id: "four-rows" };
    await expect(given("", undefined, taken)).rejects.toThrow(
      "field 'id' = \"four-rows\" is the name of imported environments",
    );
  });
});
