import { defineConfig } from "vitest/config";

/** Unit specs sit beside their source; `tests/` holds what crosses a boundary (services, child processes, kills). */
export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["src/**/*.test.ts"], testTimeout: 60_000 } },
      {
        test: {
          name: "boundary",
          include: ["tests/**/*.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 300_000,
          // Most of a boundary spec is waiting: two at a time keep two cores busy, more would starve what they start.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
