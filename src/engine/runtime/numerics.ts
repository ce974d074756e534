/**
 * What the engine's bits depend on beside its inputs. A run records it once; later work compares and refuses others,
 * because weights that should be bit-identical would silently not be.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { RatchetError } from "../../core/errors.ts";
import { codecVersion } from "../../core/ports/policy.ts";

/** Raised with every change of the engine that gives other last bits: graphs, block sizes, batch limits, sums. */
const engineVersion = 7;

export interface Numerics {
  /** Of a run with its codec's behind it. */
  readonly engineVersion: number | string;
  readonly onnxruntime: string;
  /** Major version: JavaScript's exp, log and pow are the engine's, and may change with V8. */
  readonly node: number;
  readonly arch: string;
  /** What ONNX Runtime chooses its kernels by, sorted, separated by spaces. */
  readonly cpu: string;
  readonly threads: number;
}

/** Instruction sets that have kernels of their own in ONNX Runtime's MLAS, as /proc/cpuinfo spells them. */
const x86Flags = ["avx", "avx2", "avx512bw", "avx512dq", "avx512f", "avx512vl", "fma"];
const armFlags = ["asimd", "asimddp", "asimdhp", "i8mm", "sme", "sme2", "sve", "sve2"];

/** This machine, and an engine with this many threads on it. */
export function describeNumerics(threads: number): Numerics {
  const manifest = createRequire(import.meta.url)("onnxruntime-node/package.json") as { version: string };
  return {
    engineVersion,
    onnxruntime: manifest.version,
    node: Number.parseInt(process.versions.node, 10),
    arch: process.arch,
    cpu: cpuFeatures(),
    threads,
  };
}

/** What a run's bits depend on: its ids too, where an update is a function of ids, whatever gave them. */
export function describeRunNumerics(threads: number): Numerics {
  return { ...describeNumerics(threads), engineVersion: `${engineVersion}.${codecVersion}` };
}

/** Where the flags cannot be read, the processor's model stands for them. */
function cpuFeatures(): string {
  if (process.platform !== "linux") return cpus()[0]?.model ?? "unknown";
  const line = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"));
  const present = new Set(line?.[1]?.trim().split(/\s+/));
  return [...x86Flags, ...armFlags].filter((flag) => present.has(flag)).join(" ");
}

const nextSteps: Readonly<Record<keyof Numerics, string>> = {
  engineVersion: "go on with the release that began the run, or start a run with another seed",
  onnxruntime:
    "install the recorded version (npm ci in the release that began the run), or start a run with another seed",
  node: "run it with the recorded major version of Node, or start a run with another seed",
  arch: "go on on a machine of the recorded architecture, or start a run with another seed",
  cpu: "go on on a machine with the recorded CPU features, or start a run with another seed",
  threads: "set RATCHET_THREADS to the recorded count, or start a run with another seed",
};

/** NumericsMismatch naming the first field that differs; undefined where nothing does. */
export function numericsMismatch(recorded: Numerics, present: Numerics): RatchetError | undefined {
  for (const [field, nextStep] of Object.entries(nextSteps) as [keyof Numerics, string][]) {
    if (recorded[field] === present[field]) continue;
    return new RatchetError(
      "NumericsMismatch",
      `numerics: ${field} is '${present[field]}' and this run recorded '${recorded[field]}', so its bits could not be kept; ${nextStep}, or let it go on with other bits: npx ratchet resume RUN --accept-numerics`,
      { field, recorded: recorded[field], present: present[field] },
    );
  }
  return undefined;
}
