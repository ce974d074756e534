/** The output head over the rows of a batch: what the policy would say next, as it is drawn from. */
import { createGraph } from "../graph/graph.ts";
import type { LlamaConfig } from "../model/config.ts";
import { finalNormName, headName } from "../model/weights.ts";
import { multiply } from "../ops/elementwise.ts";
import { rmsNorm, softmax } from "../ops/normalize.ts";
import type { GraphSource } from "../runtime/session.ts";
import { product } from "./layer-parts.ts";

/** What the head is asked for: `greedy` wants no chances, and at a temperature of 1 (`plain`) logits are left as they are. */
export type Drawing = "greedy" | "plain" | "tempered";

export const drawingAt = (temperature: number): Drawing =>
  temperature === 0 ? "greedy" : temperature === 1 ? "plain" : "tempered";

/**
 * x [B, hidden] -> when greedy `logp` [B, V], log-probabilities in nats at temperature 1; else `chances` [B, V], the
 * probabilities at the temperature whose reciprocal is fed, when tempered, as `sharpness` [1].
 */
export function headGraph(config: LlamaConfig, rows: number, drawing: Drawing): GraphSource {
  return {
    key: `head ${JSON.stringify(config)} ${rows} ${drawing}`,
    build: () => {
      const g = createGraph();
      const x = g.input("x", [rows, config.hiddenSize]);
      const norm = g.input(finalNormName, [config.hiddenSize]);
      const matrix = g.input(headName(config), [config.vocabularySize, config.hiddenSize]);
      const logits = product(g, matrix, rmsNorm(g, x, norm, config.rmsNormEpsilon));
      if (drawing === "greedy")
        g.output("logp", g.op("LogSoftmax", [logits], { shape: logits.shape }, { axis: -1 }));
      if (drawing === "plain") g.output("chances", softmax(g, logits));
      if (drawing === "tempered")
        g.output("chances", softmax(g, multiply(g, logits, g.input("sharpness", [1]))));
      return g.encode();
    },
  };
}
