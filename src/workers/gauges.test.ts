import { expect, it } from "vitest";
import type { LineageRecord } from "../core/ports/runs.ts";
import { createGauges } from "./gauges.ts";

const update = (run: string, iteration: number): LineageRecord => ({
  ...{ run, stage: "rl", branch: 0, iteration, stepKey: "k", parent: "p", weightsSha256: "w" },
  ...{ optimizerSha256: "o", checkpoint: { kind: "checkpoint", hash: "c", bytes: 1 } },
  metrics: { loss: -0.5 },
});
const iterationsIn = (text: string) => text.match(/^ratchet_iteration\{.*$/gm)!;

it("the newest update of a training is shown, and what it has no number for is not", () => {
  const gauges = createGauges();
  gauges.show(update("tiny", 1));
  gauges.show(update("tiny", 2));
  expect(iterationsIn(gauges.text())).toEqual(['ratchet_iteration{run="tiny",stage="rl"} 2']);
  expect(gauges.text()).toContain('ratchet_loss{run="tiny",stage="rl"} -0.5\n');
  expect(gauges.text()).not.toContain("ratchet_kl{");
});

it("of a thousand runs those are shown that were updated last", () => {
  const gauges = createGauges();
  gauges.show(update("long", 1));
  for (let run = 1; run <= 1_000; run++) {
    gauges.show(update(`run-${run}`, 1));
    gauges.show(update("long", run));
  }
  const shown = iterationsIn(gauges.text());
  expect(shown).toHaveLength(100);
  expect(shown.at(-1)).toBe('ratchet_iteration{run="long",stage="rl"} 1000');
  expect(shown[0]).toBe('ratchet_iteration{run="run-902",stage="rl"} 1');
});
