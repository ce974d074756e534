/**
 * What a person calls a built set: its run, where the run built one, or `run/stage`. A name stands for whatever that
 * build made last; what it stood for is recorded as a content hash by whoever resolves it.
 */
import { z } from "zod";
import { RatchetError } from "../errors.ts";
import { identifierPattern } from "../experiment/identifier.ts";
import { hashPattern } from "../hash.ts";
import type { ArtifactRef } from "../ports/artifacts.ts";
import type { StageRecord } from "../ports/runs.ts";

const identifier = identifierPattern.source.slice(1, -1);
export const buildNamePattern = new RegExp(`^${identifier}(/${identifier})?$`);
/** What is stored, by content hash or by the name of what made it. */
export const storedNamePattern = new RegExp(`${hashPattern.source}|${buildNamePattern.source}`);

const builtSchema = z.object({
  set: z.object({ kind: z.literal("environment-set"), hash: z.string(), bytes: z.number() }),
});

/** Types of stages whose result is a set, or holds one: a calibration's is what is worth training on. */
export const makingSets: ReadonlySet<string> = new Set(["build", "calibrate"]);

/** Of an import's name, which is that of no run (`env import`). */
export const importStage = "import";

export interface NamedSet {
  /** `run/stage`. */
  readonly name: string;
  readonly set: ArtifactRef;
}

/** Finished builds and calibrations among the stages, in their order. */
export function namedSets(stages: readonly StageRecord[]): NamedSet[] {
  return stages.flatMap(({ run, stage, type, result }) => {
    const built = makingSets.has(type) ? builtSchema.safeParse(result) : undefined;
    return built?.success ? [{ name: `${run}/${stage}`, set: built.data.set }] : [];
  });
}

/** `stages` are those of the name's run. Throws InvalidInput where the name is none, or means several sets. */
export function setNamed(name: string, stages: readonly StageRecord[], field = "environments"): ArtifactRef {
  const built = namedSets(stages);
  const found = built.filter((one) => one.name === name || one.name.startsWith(`${name}/`));
  const [only] = found;
  if (only && new Set(found.map(({ set }) => set.hash)).size === 1) return only.set;
  const choices = (found.length > 0 ? found : built).map((one) => one.name).join(", ");
  const why = found.length > 1 ? "names several builds" : "names no finished build";
  throw new RatchetError(
    "InvalidInput",
    `${field} '${name}' ${why}${choices ? `; choose one of ${choices}` : ""}\nnpx ratchet env list shows every stored set with its name and hash`,
    { field, value: name },
  );
}
