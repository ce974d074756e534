import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The specs that take longest, in that order: begun last, they would end alone. A fresh clone knows of no durations. */
const longest = [
  "durability",
  "operations",
  "operations-closed",
  "upgrade",
  "operations-branches",
  "operations-lost",
  "accepted-numerics",
  "env-serve",
  "sandbox-activity",
  "histories",
  "security-leftovers",
  "cli-refusals",
  "audit",
];

class LongestFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]) {
    const sorted = await super.sort(specifications);
    const rankOf = ({ moduleId }: TestSpecification) => {
      const rank = longest.findIndex((name) => moduleId.endsWith(`/tests/${name}.test.ts`));
      return rank < 0 ? longest.length : rank;
    };
    return sorted.toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}

/** Unit specs sit beside their source; `tests/` holds what crosses a boundary (services, child processes, kills). */
export default defineConfig({
  test: {
    // Two keep two cores busy, as half of a boundary spec is waiting; more would starve what they start.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
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
