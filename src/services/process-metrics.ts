/**
 * How this process is, for its /metrics: its memory, and how late its event loop ran its timers. What a blocked loop does
 * to heartbeats shows here first.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { gauge, type Metric } from "./exposition.ts";

/** Timers are set this far apart, so a free loop shows about as much. */
const resolutionMs = 10;
const secondsPerNanosecond = 1e-9;

/** Starts to watch; each call gives what was seen since the call before. */
export function watchProcess(): () => readonly Metric[] {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  return () => {
    const at = (quantile: number) => ({
      labels: { quantile: String(quantile) },
      // Percentile 100 is the largest; before the first timer there is none, and the histogram says NaN or 2^63.
      value: delays.count === 0 ? 0 : delays.percentile(quantile * 100) * secondsPerNanosecond,
    });
    const quantiles = [at(0.5), at(0.99), at(1)];
    delays.reset();
    return [
      gauge("ratchet_event_loop_delay_seconds", "Delay of timers since the last scrape.", quantiles),
      gauge("process_resident_memory_bytes", "Resident memory.", [
        { labels: {}, value: process.memoryUsage.rss() },
      ]),
    ];
  };
}
