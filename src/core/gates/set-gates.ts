/** The gates that look at environments beside others: those of the same set, and those of benchmarks. */
import type { GateVerdict } from "../environment/environment.ts";
import { profileVersion } from "../synthesis/profile.ts";
import { type Benchmark, contaminationVersion, createContaminationFinder } from "./contamination.ts";
import type { Case } from "./gate.ts";
import { createDuplicateFinder, nearDuplicatesVersion, traitsOf } from "./near-duplicates.ts";
import type { Judged } from "./run-gates.ts";

export const setGates = ["near-duplicates", "contamination"] as const;
export type SetGate = (typeof setGates)[number];

const versions = {
  profile: profileVersion,
  "near-duplicates": nearDuplicatesVersion,
  contamination: contaminationVersion,
} as const;

/** What one of these says of an environment: a fault, or what was looked at and is without. */
export function setVerdict(
  gate: keyof typeof versions,
  fault: string | undefined,
  looked: string,
): GateVerdict {
  const verdict = fault === undefined ? "pass" : "fail";
  return { gate, version: versions[gate], verdict, evidence: fault ?? looked };
}

export const clearOf = (benchmarks: readonly Benchmark[]): string =>
  `none of ${benchmarks.reduce((sum, { environments }) => sum + environments.length, 0)} rows asks the same`;

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
      : withFinding(looked, "contamination", contaminations.find(environment), clearOf(benchmarks));
  });
}

function withFinding(judged: Judged, gate: SetGate, fault: string | undefined, looked: string): Judged {
  const given = setVerdict(gate, fault, looked);
  const { verdict, evidence } = given;
  return {
    ...judged,
    verdicts: [...judged.verdicts, given],
    ...(verdict === "fail" && !judged.failure ? { failure: { gate, finding: { verdict, evidence } } } : {}),
  };
}
