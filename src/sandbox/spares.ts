/**
 * Children that have started their interpreter and wait for a job, so that nobody waits for them. A sandbox that is
 * used once starts one child; from the second job on, the next one is started as soon as one has its job.
 */
import { z } from "zod";
import { type Attention, type Child, type ChildEnd, type ChildStart, startChild } from "./child.ts";
import type { Isolation } from "./isolation.ts";
import { lineReader } from "./lines.ts";

/** A child that is given no processor for so long is a machine in trouble. */
const startMs = 60_000;

const readySchema = z.strictObject({ ready: z.literal(true) });

export interface Spare {
  readonly child: Child;
  /** Undefined once the child waits for its job; its end where it never came so far. Never rejects. */
  readonly ready: Promise<ChildEnd | undefined>;
  /** To be called once it has its job. */
  begin(): void;
  /** Settles when it has its job or has ended. Never rejects. */
  readonly begun: Promise<unknown>;
}

/** Starts a child and leaves it waiting. */
export function startSpare(
  start: ChildStart,
  isolation: Isolation,
  frames: readonly Uint8Array[] = [],
): Spare {
  let becameReady = () => {};
  const isReady = new Promise<undefined>((resolve) => {
    becameReady = () => resolve(undefined);
  });
  const attention: Attention = {
    silenceMs: () => startMs,
    onOutput: lineReader((line) => {
      readySchema.parse(JSON.parse(line));
      becameReady();
    }),
  };
  const child = startChild(start, isolation, attention);
  void child.send(...frames);
  let begin = () => {};
  const hasJob = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const ready = Promise.race([isReady, child.ended]).then((end) => {
    if (end === undefined) child.attend(null);
    return end;
  });
  return { child, ready, begin: () => begin(), begun: Promise.race([hasJob, child.ended]) };
}

export interface Spares {
  /** One that waits or is about to. Rejects where starting one does. */
  take(): Promise<Spare>;
  close(): void;
}

export function createSpares(start: () => Promise<Spare>): Spares {
  let spare: Promise<Spare> | undefined;
  let taken = 0;
  let closed = false;
  const startLater = async (current: Promise<Spare>) => {
    const { begun } = await current;
    await begun; // starting a process takes the parent a while, and two that start at once would both be late
    const next = await start();
    if (closed) next.child.kill();
    return next;
  };
  return {
    take() {
      const current = spare ?? start();
      taken++;
      const next = taken > 1 ? startLater(current) : undefined;
      spare = next;
      // Whoever has taken it is told; whoever comes later begins anew.
      next?.catch(() => {
        if (spare === next) spare = undefined;
      });
      return current;
    },
    close() {
      closed = true;
      void spare?.then(
        ({ child }) => child.kill(),
        () => {},
      );
    },
  };
}
