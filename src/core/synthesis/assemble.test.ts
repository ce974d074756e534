import { describe, expect, it } from "vitest";
import { assemble } from "../../../tests/support/assemble.ts";
import {
  chainCandidate,
  comparisonCandidate,
  deploySmall,
  smallTables,
  sumCandidate,
} from "../../../tests/support/small-world.ts";
import { createVmSandbox } from "../../../tests/support/vm-sandbox.ts";
import { environmentSetSchema } from "../environment/environment.ts";
import { proveBatch } from "../gates/prove.ts";
import type { Candidate } from "./candidate.ts";

const batch = (...candidates: readonly Candidate[]) =>
  proveBatch(deploySmall(...candidates), async () => ({ ...smallTables }), createVmSandbox());
const at = (index: number, candidate: Candidate): Candidate => ({ ...candidate, index });

describe("assembling a set", () => {
  it("takes what is wanted of each scenario type and says what is missing", async () => {
    const batches = [await batch(at(0, chainCandidate), at(1, sumCandidate))];
    const { set, missing } = assemble("pair", batches, { multi_hop: 1, parallel_single_hop: 2 });
    expect(environmentSetSchema.safeParse(set).error).toBeUndefined();
    expect(set.environments.map(({ scenario }) => scenario)).toEqual(["multi_hop"]);
    expect(missing).toEqual({ single_hop: 0, parallel_single_hop: 2, multi_hop: 0, parallel_multi_hop: 0 });
  });

  it("accepts the first of two that ask the same, and counts the other", async () => {
    const again = at(5, { ...chainCandidate, question: "How does one pay around Lyon?" });
    const { set } = assemble("one", [await batch(again, at(2, chainCandidate))], {
      multi_hop: 2,
    });
    expect(set.environments.map(({ question }) => question)).toEqual([chainCandidate.question]);
    expect(set.quarantined).toEqual([
      {
        question: "How does one pay around Lyon?",
        gate: "near-duplicates",
        reason: `asks the same as '${chainCandidate.question}'`,
      },
    ]);
  });

  it("keeps with each environment what was said of it beside the others, whichever batches they came in", async () => {
    const { set: benchmark } = assemble("test", [await batch(comparisonCandidate)], {
      parallel_single_hop: 1,
    });
    const asked = [{ name: "benchmark/import", environments: benchmark.environments }];
    const wanted = { multi_hop: 1, parallel_multi_hop: 1 };
    const [first, second] = [at(0, chainCandidate), at(1, sumCandidate)];
    const { set } = assemble("one", [await batch(first, second)], wanted, asked);
    const lastOf = ({ gates }: { gates: readonly { gate: string }[] }) => gates.slice(-3);
    expect(lastOf(set.environments[1]!)).toEqual([
      { gate: "profile", version: 1, verdict: "pass", evidence: "keeps to 'compact'" },
      {
        gate: "near-duplicates",
        version: 2,
        verdict: "pass",
        evidence: "nothing before it in its set asks the same",
      },
      { gate: "contamination", version: 2, verdict: "pass", evidence: "none of 1 rows asks the same" },
    ]);
    expect(assemble("one", [await batch(first), await batch(second)], wanted, asked).set).toEqual(set);
    const { set: alone } = assemble("one", [await batch(second)], wanted);
    expect(alone.environments[0]!.gates.map(({ gate }) => gate).slice(-2)).toEqual([
      "profile",
      "near-duplicates",
    ]);
  });

  it("takes nothing that a benchmark asks, and names its row", async () => {
    const { set: benchmark } = assemble("test", [await batch(chainCandidate)], { multi_hop: 1 });
    const { set } = assemble(
      "clean",
      [await batch(at(0, chainCandidate), at(1, sumCandidate))],
      {
        multi_hop: 1,
        parallel_multi_hop: 1,
      },
      [{ name: "benchmark/import", environments: benchmark.environments }],
    );
    expect(set.environments.map(({ question }) => question)).toEqual([sumCandidate.question]);
    expect(set.quarantined).toEqual([
      {
        question: chainCandidate.question,
        gate: "contamination",
        reason: `row 1 of 'benchmark/import': asks the same as '${chainCandidate.question}'`,
      },
    ]);
  });
});
