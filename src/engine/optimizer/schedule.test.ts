import { describe, expect, it } from "vitest";
import { loraGoldens } from "../../../tests/goldens/lora.ts";
import { emptyAdamState, optimizerStep } from "./adamw.ts";
import { scheduledLearningRate } from "./schedule.ts";

const { learningRate, schedules } = loraGoldens;

describe("a learning-rate schedule", () => {
  it.each(schedules)("has transformers' rates: $schedule", ({ schedule, rates }) => {
    for (const [step, rate] of rates.entries())
      expect(scheduledLearningRate({ learningRate, schedule }, step), `step ${step}`).toBeCloseTo(rate, 12);
  });

  it("stays at the least rate after its last step, where transformers' cosine would rise again", () => {
    const schedule = { kind: "cosine", warmupSteps: 0, totalSteps: 4, minLearningRate: 0.005 } as const;
    expect(scheduledLearningRate({ learningRate, schedule }, 4)).toBe(0.005);
    expect(scheduledLearningRate({ learningRate, schedule }, 7)).toBe(0.005);
  });

  it("leaves a learning rate that was lowered below the least one as it is", () => {
    const schedule = { kind: "linear", warmupSteps: 0, totalSteps: 4, minLearningRate: 0.005 } as const;
    expect(scheduledLearningRate({ learningRate: 0.001, schedule }, 2)).toBe(0.001);
  });

  it("moves weights by the optimizer's own count of steps", async () => {
    const settings = {
      learningRate: 1,
      weightDecay: 0,
      beta1: 0,
      beta2: 0,
      epsilon: 1e-30,
      maxGradientNorm: 0,
      schedule: { kind: "linear", warmupSteps: 2, totalSteps: 6, minLearningRate: 0 },
    } as const;
    // With no memory and no offset, a step of AdamW is the rate times the gradient's sign.
    const rateAfter = async (step: number) => {
      const weights = new Float32Array(1);
      await optimizerStep(
        weights,
        Float32Array.of(-3),
        { ...emptyAdamState(1), step },
        settings,
        async () => {},
      );
      return weights[0]!;
    };
    const rates = [];
    for (const step of [0, 1, 2, 3, 4, 5, 6]) rates.push(await rateAfter(step));
    expect(rates).toEqual([0, 0.5, 1, 0.75, 0.5, 0.25, 0]);
  });
});
