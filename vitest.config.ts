import { defineConfig } from "vitest/config";

/** Unit specs sit beside their source; `tests/` holds what crosses a boundary (services, child processes, kills). */
export default defineConfig({
  test: {
    // Two keep two cores busy, as half of a boundary spec is waiting; more would starve what they start.
    maxWorkers: 2,
    projects: [
      { test: { name: "unit", include: ["src/**/*.test.ts"], testTimeout: 60_000 } },
      {
        test: {
          name: "boundary",
          include: ["tests/**/*.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
