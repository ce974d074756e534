/**
 * A checkpoint that was collected or lost is made again: its updates are applied anew, from the nearest ancestor that is
 * whole, and must give the bytes they gave before. Of many, no more stay than the budget allows. Only what cannot be made
 * again fails.
 */
import type { KnownUpdate } from "../core/ports/runs.ts";
import { lostArtifact } from "./failures.ts";
import { cpu, train } from "./proxies.ts";

/**
 * Does the work again after what it lacked is back. Other artifacts than checkpoints are written anew by the steps that
 * made them, so for those the work is done once more as it is.
 */
export async function withArtifacts<T>(work: () => Promise<T>): Promise<T> {
  const tried = new Set<string>();
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const lost = lostArtifact(error);
      if (lost === undefined || tried.has(lost.hash)) throw error;
      tried.add(lost.hash);
      if (lost.kind === "checkpoint") await restoreCheckpoint(lost.hash);
    }
  }
}

async function restoreCheckpoint(hash: string): Promise<void> {
  for (;;) {
    const updates = await cpu.planRestoration.executeWithOptions(
      { summary: `how checkpoint ${hash.slice(0, 12)} is made again` },
      [hash],
    );
    for (const [i, update] of updates.entries()) {
      await withArtifacts(() =>
        train.restoreUpdate.executeWithOptions(
          { summary: `iteration ${update.iteration} again: its checkpoint is lost` },
          [update],
        ),
      );
      if (updates.length > 1) await collectAfter(update, updates.slice(i + 1));
    }
    // None: a policy to start from, which is there again. Of many, the first ones come first.
    if (updates.length === 0 || updates.some(({ checkpoint }) => checkpoint.hash === hash)) return;
  }
}

const beginningsOf = ({ recipe: { parent, reference } }: KnownUpdate) =>
  reference ? [parent.hash, reference.hash] : [parent.hash];

/** What only this update of them began with was made again for nobody else. */
async function collectAfter(update: KnownUpdate, next: readonly KnownUpdate[]): Promise<void> {
  const used = new Set(next.flatMap(beginningsOf));
  const released = beginningsOf(update).filter((hash) => !used.has(hash));
  await cpu.collectGarbage.executeWithOptions({ summary: "checkpoints made again on the way" }, [
    [...used, update.checkpoint.hash],
    released,
  ]);
}
