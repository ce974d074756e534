/** Supervised fine-tuning: the mean negative log-likelihood of the tokens, float32, its gradient from autodiff. */
import { gradients } from "../autodiff/gradients.ts";
import { createGraph } from "../graph/graph.ts";
import { scalar } from "../ops/constants.ts";
import { multiply, negate, sum } from "../ops/elementwise.ts";
import type { GraphSource } from "../runtime/session.ts";

/** Inputs logp and weight [N], 0 on padding; loss = -sum weight * logp; dLogp [N]. */
export function sftLossGraph(tokens: number): GraphSource {
  return {
    key: `sft-loss ${tokens}`,
    build: () => {
      const g = createGraph();
      const logp = g.input("logp", [tokens]);
      const loss = negate(g, sum(g, multiply(g, g.input("weight", [tokens]), logp)));
      const [dLogp] = gradients(g, [{ tensor: loss, gradient: scalar(g, 1) }], [logp]);
      g.output("loss", loss);
      g.output("dLogp", dLogp!);
      return g.encode();
    },
  };
}
