/**
 * A checkpoint that was collected or lost is made again: its updates are applied anew, from the nearest ancestor that is
 * whole, and must give the bytes they gave before. Only what cannot be made again fails.
 */
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
    for (const update of updates)
      await withArtifacts(() =>
        train.restoreUpdate.executeWithOptions(
          { summary: `iteration ${update.iteration} again: its checkpoint is lost` },
          [update],
        ),
      );
    // None: a policy to start from, which is there again. Of many, the first ones come first.
    if (updates.length === 0 || updates.some(({ checkpoint }) => checkpoint.hash === hash)) return;
  }
}
