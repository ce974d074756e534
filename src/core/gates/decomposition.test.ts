import { describe, expect, it } from "vitest";
import { judge } from "../../../tests/support/judge.ts";
import {
  caseOf,
  chainCandidate,
  comparisonCandidate,
  sumCandidate,
} from "../../../tests/support/small-world.ts";
import type { Environment } from "../environment/environment.ts";
import { decompositionGate } from "./decomposition.ts";

const sound = caseOf(chainCandidate);
const changed = (change: (environment: Environment) => Partial<Environment>) =>
  judge(decompositionGate, { ...sound, environment: { ...sound.environment, ...change(sound.environment) } });

describe("the decomposition gate", () => {
  it("passes chains, comparisons and sums", async () => {
    for (const candidate of [chainCandidate, comparisonCandidate, sumCandidate])
      expect((await judge(decompositionGate, caseOf(candidate))).verdict).toBe("pass");
  });

  it("catches a cycle", async () => {
    const finding = await changed(({ subQuestions, referenceCalls }) => ({
      subQuestions: subQuestions.map((sub, i) => ({ ...sub, dependsOn: i === 0 ? ["q2"] : ["q1"] })),
      referenceCalls: referenceCalls.map((call, i) =>
        i === 0 ? { ...call, arguments: { city: { from: "q2" } } } : call,
      ),
    }));
    expect(finding.evidence).toContain("q1 needs q2, which does not come before it");
  });

  it("catches a dependency that nothing uses: sequence forced for its own sake", async () => {
    const finding = await changed(({ referenceCalls }) => ({
      referenceCalls: referenceCalls.map((call, i) =>
        i === 1 ? { ...call, arguments: { country: { value: "France" } } } : call,
      ),
    }));
    expect(finding.evidence).toContain("q2 does not use q1");
  });

  it("catches a tool that owns a sub-answer and is called a distractor, and one that is neither", async () => {
    const called = (distractor: boolean) =>
      changed(({ tools }) => ({ tools: tools.map((tool) => ({ ...tool, distractor })) }));
    expect((await called(true)).evidence).toContain("get_home is called a distractor and owns q1");
    expect((await called(false)).evidence).toBe(
      "find_seat owns no sub-answer and is not called a distractor",
    );
  });

  it("catches a dependency that is not said", async () => {
    const finding = await changed(({ subQuestions }) => ({
      subQuestions: subQuestions.map((sub) => ({ ...sub, dependsOn: [] })),
    }));
    expect(finding.evidence).toContain("q2 uses q1 unsaid");
  });

  it("catches a sub-question that the answer does not need", async () => {
    const finding = await changed(() => ({ composition: { kind: "answer", of: "q1" } }));
    expect(finding.evidence).toContain("nothing uses q2");
  });

  it("catches a sub-question that asks what another asked, a second calculator's too", async () => {
    const { environment, tables } = caseOf(sumCandidate);
    const again = {
      ...environment,
      subQuestions: [...environment.subQuestions, { ...environment.subQuestions[2]!, id: "q4" }],
      referenceCalls: [
        ...environment.referenceCalls,
        { ...environment.referenceCalls[2]!, subQuestion: "q4" },
      ],
    };
    const finding = await judge(decompositionGate, { environment: again, tables });
    expect(finding.evidence).toBe("nothing uses q3; q4 asks what q3 asks");
  });

  it("catches a scenario type that the shape belies", async () => {
    expect((await changed(() => ({ scenario: "single_hop" }))).evidence).toContain(
      "is single_hop by name and multi_hop by shape",
    );
  });
});
