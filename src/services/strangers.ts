/**
 * Workers of another database at the Temporal that this home is about to work with. They and ours would take each other's
 * work, and what comes of it only one of the two stores has: the other's runs could not go on.
 */

export interface Poller {
  /** `ratchet-workflow-PID@HOST`, as our workers call themselves. */
  readonly identity: string;
  readonly polledMsAgo: number;
}

export interface OwnProcesses {
  readonly host: string;
  /** Whether a process of this machine runs. */
  isRunning(pid: number): boolean;
  /** Of this home's workers, those that outlive their supervisor for a moment included. */
  readonly pids: readonly number[];
}

/** A worker asks again at least once a minute; Temporal lists one that is gone for five. */
export const goneAfterMs = 70_000;

/** The first of them; undefined where all who still poll are this home's own. */
export function strangerAmong(
  pollers: readonly Poller[],
  { host, isRunning, pids }: OwnProcesses,
): string | undefined {
  const isStranger = ({ identity, polledMsAgo }: Poller) => {
    if (polledMsAgo > goneAfterMs) return false;
    const [, pid, its] = /-(\d+)@(.*)$/.exec(identity) ?? [];
    const isDead = its === host && !isRunning(Number(pid));
    return !isDead && !(its === host && pids.includes(Number(pid)));
  };
  return pollers.find(isStranger)?.identity;
}
