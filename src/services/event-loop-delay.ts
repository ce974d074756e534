/** How late this process's event loop ran its timers: what a blocked loop does to heartbeats shows here first. */
import { monitorEventLoopDelay } from "node:perf_hooks";

/** Timers are set this far apart, so a free loop shows about as much. */
const resolutionMs = 10;
const secondsPerNanosecond = 1e-9;

/** Starts to watch; each call gives the quantiles since the call before, in seconds. */
export function watchEventLoop(): () => { readonly quantile: string; readonly seconds: number }[] {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  return () => {
    const at = (quantile: number) => ({
      quantile: String(quantile),
      // Percentile 100 is the largest; before the first timer there is none, and the histogram says NaN or 2^63.
      seconds: delays.count === 0 ? 0 : delays.percentile(quantile * 100) * secondsPerNanosecond,
    });
    const quantiles = [at(0.5), at(0.99), at(1)];
    delays.reset();
    return quantiles;
  };
}
