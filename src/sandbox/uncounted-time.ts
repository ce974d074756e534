/**
 * Processor time of one call beside its counted steps: what native loops take, which count none. A child tells of its
 * steps a portion at a time, and each portion told allows the time that so many steps may take.
 *
 *   U = max(-p, U + spent - n p)      U, spent [ms]; n portions told meanwhile, p [ms] the time that one may take
 *
 * Steps that took less save nothing for later but one portion, for a portion may be told a moment before the time that
 * it took is seen. So a call that hangs is found out as soon after a million steps as after none.
 */
export interface Portions {
  /** Processor time that the steps of one may take, ms. */
  readonly ms: number;
  /** Most that a call can have; what is told beyond them is not believed. */
  readonly most: number;
}

export interface UncountedTime {
  told(portions: number): void;
  /** U, ms, given the processor time of the child so far; the first time it is asked begins the call. */
  at(processorMs: number): number;
}

export function createUncountedTime({ ms, most }: Portions): UncountedTime {
  let left = most;
  let allowedMs = 0;
  let uncountedMs = 0;
  let lastMs: number | undefined;
  return {
    told(portions) {
      const believed = Math.min(portions, left);
      left -= believed;
      allowedMs += believed * ms;
    },
    at(processorMs) {
      const spentMs = processorMs - (lastMs ?? processorMs);
      uncountedMs = Math.max(-ms, uncountedMs + spentMs - allowedMs);
      lastMs = processorMs;
      allowedMs = 0;
      return uncountedMs;
    },
  };
}
