/** The gates that look at environments beside others: those of the same set, and those of benchmarks. */
import type { GateVerdict } from "../environment/environment.ts";
import { type Benchmark, createContaminationFinder } from "./contamination.ts";
import { type Case, findingOf } from "./gate.ts";
import { createDuplicateFinder, traitsOf } from "./near-duplicates.ts";
import type { Judged } from "./run-gates.ts";

export const setGates = ["near-duplicates", "contamination"] as const;
export type SetGate = (typeof setGates)[number];

const versions: Readonly<Record<SetGate, number>> = { "near-duplicates": 1, contamination: 2 };

/**
 * In order, so that the first of several that ask the same stays. What another gate has refused is not looked at, and
 * nothing counts as its repetition. Without benchmarks nothing is said of contamination.
 */
export function judgeAsSet(
  subjects: readonly Case[],
  judged: readonly Judged[],
  benchmarks: readonly Benchmark[],
): Judged[] {
  const duplicates = createDuplicateFinder();
  const contaminations = createContaminationFinder(benchmarks);
  const rows = benchmarks.reduce((sum, { environments }) => sum + environments.length, 0);
  let before = 0;
  return judged.map((one, i) => {
    if (one.failure) return one;
    const { environment } = subjects[i]!;
    const traits = traitsOf(environment);
    const looked = withFinding(
      one,
      "near-duplicates",
      duplicates.find(traits)?.reason,
      `none of ${before} before asks the same`,
    );
    if (!looked.failure) {
      duplicates.add(traits);
      before += 1;
    }
    return benchmarks.length === 0
      ? looked
      : withFinding(
          looked,
          "contamination",
          contaminations.find(environment),
          `none of ${rows} rows asks the same`,
        );
  });
}

function withFinding(judged: Judged, gate: SetGate, fault: string | undefined, checked: string): Judged {
  const finding = findingOf(fault === undefined ? [] : [fault], checked);
  const { verdict, evidence } = finding;
  const given: GateVerdict = { gate, version: versions[gate], verdict, evidence };
  return {
    ...judged,
    verdicts: [...judged.verdicts, given],
    ...(verdict === "fail" && !judged.failure ? { failure: { gate, finding } } : {}),
  };
}
