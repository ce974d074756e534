/** At most so many sandbox runs at a time; the others wait in the order they came. */
import type { Sandbox } from "../core/ports/sandbox.ts";

export function bounded(sandbox: Sandbox, most: number): Sandbox {
  let running = 0;
  const waiting: (() => void)[] = [];
  return {
    async run(invocations, signal, surroundings) {
      if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
      else running += 1;
      try {
        return await sandbox.run(invocations, signal, surroundings);
      } finally {
        // A slot is handed on, not freed, so that nobody comes in between.
        const next = waiting.shift();
        if (next) next();
        else running -= 1;
      }
    },
    close: () => sandbox.close(),
  };
}
