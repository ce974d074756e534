import { describe, expect, it } from "vitest";
import { caseOf, chainCandidate, sumCandidate } from "../../../tests/support/small-world.ts";
import { createVmSandbox } from "../../../tests/support/vm-sandbox.ts";
import type { Case } from "../gates/gate.ts";
import { goldenTrajectory, referenceInvocations } from "./golden.ts";
import { bareCalls, taggedCalls } from "./tool-format.ts";

async function playedOut({ environment, tables }: Case, format = taggedCalls) {
  const outcomes = await createVmSandbox().run(referenceInvocations(environment, tables));
  return goldenTrajectory(
    environment,
    outcomes.map(({ text }) => text),
    format,
  );
}

describe("goldenTrajectory", () => {
  it("makes one call after the other where one needs the other, and then answers", async () => {
    expect(await playedOut(caseOf(chainCandidate))).toEqual([
      {
        text: '<tool_call>\n{"name": "get_home", "arguments": {"city": "Lyon"}}\n</tool_call>',
        outputs: ["France"],
      },
      {
        text: '<tool_call>\n{"name": "get_money", "arguments": {"country": "France"}}\n</tool_call>',
        outputs: ["EUR"],
      },
      { text: "The answer is EUR.", outputs: [] },
    ]);
  });

  it("makes independent calls in one turn and passes numbers on as numbers", async () => {
    const turns = await playedOut(caseOf(sumCandidate));
    expect(turns[0]).toEqual({
      text: '<tool_call>\n{"name": "count_people", "arguments": {"country": "Japan"}}\n</tool_call>\n<tool_call>\n{"name": "count_people", "arguments": {"country": "Norway"}}\n</tool_call>',
      outputs: ["123201945", "5509733"],
    });
    expect(turns[1]).toEqual({
      text: '<tool_call>\n{"name": "add", "arguments": {"a": 123201945, "b": 5509733}}\n</tool_call>',
      outputs: ["128711678"],
    });
  });

  it("makes one call a turn where the tool format has no more, and each as it is written there", async () => {
    expect(await playedOut(caseOf(sumCandidate), bareCalls)).toEqual([
      {
        text: '{"name": "count_people", "parameters": {"country": "Japan"}}',
        outputs: ["123201945"],
      },
      { text: '{"name": "count_people", "parameters": {"country": "Norway"}}', outputs: ["5509733"] },
      { text: '{"name": "add", "parameters": {"a": 123201945, "b": 5509733}}', outputs: ["128711678"] },
      { text: "The answer is 128711678.", outputs: [] },
    ]);
  });

  it("refuses outputs that are not one for each reference call", () => {
    expect(() => goldenTrajectory(caseOf(chainCandidate).environment, ["France"], taggedCalls)).toThrow(
      /1 outputs for 2 reference calls; run referenceInvocations/,
    );
  });
});
