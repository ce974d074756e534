import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The spec that takes longest, by far: begun last, it would end alone. */
class LongestFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]) {
    const sorted = await super.sort(specifications);
    const isLongest = ({ moduleId }: TestSpecification) => moduleId.endsWith("/tests/durability.test.ts");
    return [...sorted.filter(isLongest), ...sorted.filter((specification) => !isLongest(specification))];
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
