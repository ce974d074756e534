import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  chainCandidate,
  comparisonCandidate,
  smallTables,
  sumCandidate,
} from "../../../../tests/support/small-world.ts";
import { createVmSandbox } from "../../../../tests/support/vm-sandbox.ts";
import { referenceInvocations } from "../../trajectory/golden.ts";
import type { Candidate, ScalingLevels } from "../candidate.ts";
import { draftTools } from "../construct.ts";
import { deploy } from "../deploy/deploy.ts";
import { modifierRules } from "./modifiers.ts";

const scaled = (candidate: Candidate, levels: Partial<ScalingLevels>) => {
  const drafted = draftTools({ ...candidate, levels: { ...candidate.levels, ...levels } });
  const { deployed, tables } = deploy([drafted], smallTables);
  return { drafted, environment: deployed[0]!.environment, tables };
};

describe("scale", () => {
  it("records every operation with its level, in order", () => {
    const { environment } = scaled(chainCandidate, { generalization: 1, parameters: 2, distractors: 0 });
    expect(environment.complexity).toEqual([
      { operation: "function_integration", level: 0 },
      { operation: "functional_generalization", level: 2 },
      { operation: "parameter_expansion", level: 4 },
      { operation: "parameter_type_generalization", level: 0 },
      { operation: "toolset_extension", level: 0 },
      { operation: "toolset_extension.name", level: 0 },
      { operation: "toolset_extension.document", level: 0 },
      { operation: "toolset_extension.domain", level: 0 },
      { operation: "toolset_extension.far", level: 0 },
    ]);
  });

  it("adds as many distractors as asked for, which own nothing and serve what no other tool serves", () => {
    const { environment } = scaled(chainCandidate, { distractors: 1 });
    const distractors = environment.tools.filter(({ distractor }) => distractor);
    expect(distractors.map(({ document }) => document.name)).toEqual(["find_seat"]);
    expect(environment.subQuestions.some(({ tool }) => tool === "find_seat")).toBe(false);
    expect(environment.complexity).toContainEqual({ operation: "toolset_extension", level: 1 });
    expect(environment.complexity).toContainEqual({ operation: "toolset_extension.document", level: 1 });
  });

  it("leaves out a distractor whose functionality a widened tool has taken over", () => {
    const { environment } = scaled(chainCandidate, { generalization: 3, distractors: 1 });
    expect(environment.complexity).toContainEqual({ operation: "toolset_extension", level: 0 });
  });

  it("preserves the reference answers at any level", async () => {
    const levels: fc.Arbitrary<ScalingLevels> = fc.record({
      integration: fc.constantFrom(0, 1),
      generalization: fc.nat(3),
      parameters: fc.nat(modifierRules.length),
      parameterTypes: fc.constantFrom(0, 1, 2),
      distractors: fc.nat(1),
    });
    const candidates = fc.constantFrom(chainCandidate, sumCandidate, comparisonCandidate);
    await fc.assert(
      fc.asyncProperty(candidates, levels, fc.nat(), async (candidate, level, seed) => {
        const { environment, tables } = scaled({ ...candidate, seed }, level);
        const outcomes = await createVmSandbox().run(referenceInvocations(environment, tables));
        expect(outcomes.map(({ text }) => text)).toEqual(
          environment.subQuestions.map(({ answer }) => answer),
        );
      }),
      { numRuns: 200 },
    );
  });
});
