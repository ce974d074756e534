/**
 * What the terminal shows while an experiment runs: one line per stage when its state changes, and for the running ones
 * how far they are and how long they will take yet. Pure but for the clock and the writer it is given.
 */
import { z } from "zod";
import type { StageRecord, StageState } from "../core/ports/runs.ts";

const progressSchema = z.object({
  done: z.number(),
  total: z.number(),
  unit: z.string(),
  note: z.string().optional(),
});

type ShownStage = Pick<StageRecord, "stage" | "state" | "progress">;

interface Seen {
  state: StageState;
  /** When this process first saw it running, and how much was done then: a resumed stage is timed from there. */
  startedMs: number;
  doneAtStart: number;
  line: string;
}

export interface ProgressOptions {
  readonly write: (line: string) => void;
  readonly nowMs: () => number;
  readonly titles: Readonly<Record<string, string>>;
}

/** Returns a function that is told the stages again and again and writes what changed. */
export function createProgress({
  write,
  nowMs,
  titles,
}: ProgressOptions): (stages: readonly ShownStage[]) => void {
  const seen = new Map<string, Seen>();
  return (stages) => {
    for (const { stage, state, progress } of stages) {
      const parsed = progressSchema.safeParse(progress);
      const done = parsed.success ? parsed.data.done : 0;
      let known = seen.get(stage);
      // What ended before this command looked is no news of this run.
      const isOld = known === undefined && (state === "done" || state === "cached");
      if (known?.state !== state) {
        known = { state, startedMs: nowMs(), doneAtStart: done, line: "" };
        seen.set(stage, known);
      }
      if (state === "waiting" || state === "outdated") continue;
      const title = titles[stage] ?? stage;
      const line =
        state === "running" && parsed.success
          ? `${title}: ${describeProgress(parsed.data, known, nowMs())}`
          : `${title}: ${state}`;
      if (!isOld && line.replace(timeLeft, "") !== known.line.replace(timeLeft, "")) write(line);
      known.line = line;
    }
  };
}

/** The estimate alone moves all the time and is no news. */
const timeLeft = /, about .* left/;

function describeProgress(
  { done, total, unit, note }: z.infer<typeof progressSchema>,
  { startedMs, doneAtStart }: Seen,
  now: number,
): string {
  const made = done - doneAtStart;
  const left =
    made > 0 && total > done ? `, about ${duration(((now - startedMs) / made) * (total - done))} left` : "";
  return `${done} of ${total} ${unit}${left}${note === undefined ? "" : ` (${note})`}`;
}

/** "8 s", "3 min 20 s", "1 h 5 min". */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
