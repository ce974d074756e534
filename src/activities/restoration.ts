/** Which updates have to be applied again for a checkpoint that is no longer there. */
import { activityInfo } from "@temporalio/activity";
import { type ErrorType, isLost, RatchetError } from "../core/errors.ts";
import { isHash } from "../core/hash.ts";
import type { KnownUpdate } from "../core/ports/runs.ts";
import type { CpuPorts } from "./ports.ts";
import { guarded } from "./step.ts";

const ofMachine: ReadonlySet<ErrorType> = new Set([
  "StorageFull",
  "StorageUnavailable",
  "DatabaseUnavailable",
  "DatabaseRefused",
]);

/** Another run's policy may be gone for good, which says nothing of this one; a full disk says it of all. */
function unlessOfMachine(error: unknown): undefined {
  const ofPolicy = error instanceof RatchetError && !ofMachine.has(error.type);
  if (!ofPolicy) throw error;
}

/** Of one answer, which a history has to hold: a recipe is about 1 KB. Whoever asks, asks again after these. */
const mostUpdates = 50;

export function createRestorationActivities(ports: CpuPorts) {
  const isWhole = (hash: string) =>
    ports.artifacts.find("checkpoint", hash).then(
      () => true,
      (error: unknown) => {
        if (!isLost(error)) throw error;
        return false;
      },
    );

  /**
   * Names that it may go by: first the asking run's own, then others', and those last whose policy would be fetched whole
   * only to be another.
   */
  const sources = async (): Promise<ReadonlySet<string>> => {
    const [, run] = /^(?:experiment-)?([^.]+)/.exec(activityInfo().workflowExecution?.workflowId ?? "") ?? [];
    const record = run === undefined ? undefined : await ports.runs.getRun(run);
    const { policy } = (record?.input ?? {}) as { readonly policy?: string };
    const pins = record ? await ports.runs.pinsOf(record.run) : [];
    const isPinned = policy === undefined || isHash(policy) || pins.some(({ source }) => source === policy);
    const own = [...pins.map(({ pinned }) => pinned), ...(isPinned ? [] : [policy])];
    const others = await ports.runs.policySources();
    const isFar = (source: string) => source.startsWith("hf:");
    return new Set([...own, ...others.filter((one) => !isFar(one)), ...others.filter(isFar)]);
  };

  /** A policy that no update made is fetched or made again by its name. */
  const prepareAgain = async (hash: string): Promise<boolean> => {
    for (const source of await sources()) {
      const made = await ports.preparePolicy(source).catch(unlessOfMachine);
      if (made?.hash === hash) return true;
    }
    return false;
  };

  return {
    /**
     * Oldest first; each starts from a checkpoint that is whole or that one before it makes. The named one is taken for
     * lost: whoever asks has found it so. Where it is not among them they are the first of many, and whoever asks after
     * these gets the next. Throws ArtifactMissing where it came from nowhere that is known.
     */
    planRestoration: guarded(async (lost: string): Promise<KnownUpdate[]> => {
      const plan = new Map<string, KnownUpdate>();
      const need = async (hash: string): Promise<void> => {
        if (plan.has(hash) || (hash !== lost && (await isWhole(hash)))) return;
        const update = await ports.runs.updateThatMade(hash);
        if (update === undefined) {
          if (await prepareAgain(hash)) return;
          throw new RatchetError(
            "ArtifactMissing",
            `checkpoint ${hash} is lost, and no update or policy of a known run makes it; restore its folder under the artifacts, or start again from another policy`,
            { kind: "checkpoint", hash },
          );
        }
        await need(update.recipe.parent.hash);
        if (update.recipe.reference) await need(update.recipe.reference.hash);
        plan.set(hash, update);
      };
      await need(lost);
      return [...plan.values()].slice(0, mostUpdates);
    }),
  };
}
