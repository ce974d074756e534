/**
 * A run has one policy under one name: what a branch of the Hub is when the run first asks is what it stays, though the
 * branch moves on between its stages and restarts.
 */
import type { ArtifactRef } from "../core/ports/artifacts.ts";
import type { CpuPorts } from "./ports.ts";

type Ports = Pick<CpuPorts, "runs" | "pinPolicy" | "preparePolicy">;

export async function preparePinned(ports: Ports, run: string, source: string): Promise<ArtifactRef> {
  const known = (await ports.runs.pinsOf(run)).find((pin) => pin.source === source);
  return ports.preparePolicy((known ?? (await pin(ports, run, source))).pinned);
}

/** What says all by itself needs no record. */
async function pin(ports: Ports, run: string, source: string): Promise<{ readonly pinned: string }> {
  const pinned = await ports.pinPolicy(source);
  return pinned === source ? { pinned } : ports.runs.putPin({ run, source, pinned });
}
