/** What a row of logits says: the log-probability of one token, and the entropy of the whole distribution. */
import type { Graph, Tensor } from "../graph/graph.ts";
import { add, multiply, negate } from "./elementwise.ts";
import { rowSum, softmax } from "./normalize.ts";
import { apply, type Operation, requireShape } from "./operation.ts";

/**
 * logp = z_t - logsumexp(z) and H = -sum p log p, in nats: logits [N, V], targets [N, 1] int64 -> logp, H [N, 1].
 *   dz = onehot(t) dlogp - p (dlogp + dH (log p + H))
 */
export const logProbabilityOperation: Operation = {
  name: "logProbability",
  forward: (g, [logits, targets]) => {
    const [rows] = logits!.shape;
    requireShape(
      logits!.shape.length === 2 && targets!.shape[0] === rows && targets!.shape[1] === 1,
      "logProbability",
      { logits: logits!, targets: targets! },
      `logits must be [N, V] and targets [N, 1] with N = ${rows}`,
    );
    const shape = [rows!, 1];
    const logs = g.op("LogSoftmax", [logits!], { shape: logits!.shape }, { axis: -1 });
    const logp = g.op("GatherElements", [logs, targets!], { shape }, { axis: 1 });
    // Not exp(logs): ONNX Runtime's Softmax is four times as fast as its Exp.
    const p = softmax(g, logits!);
    const entropy = negate(g, rowSum(g, multiply(g, p, logs)));
    return { outputs: [logp, entropy], saved: { logs, p } };
  },
  vjp: (g, { inputs: [, targets], outputs: [, entropy], saved: { logs, p } }, [dLogp, dEntropy]) => {
    const spread = dEntropy && multiply(g, add(g, logs!, entropy!), dEntropy);
    const weight = dLogp && spread ? add(g, spread, dLogp) : (dLogp ?? spread!);
    const everywhere = negate(g, multiply(g, p!, weight));
    if (dLogp === undefined) return [everywhere, undefined];
    const attributes = { axis: 1, reduction: "add" };
    const { shape } = everywhere;
    return [g.op("ScatterElements", [everywhere, targets!, dLogp], { shape }, attributes), undefined];
  },
};

export function logProbability(g: Graph, logits: Tensor, targets: Tensor) {
  const [logp, entropy] = apply(g, logProbabilityOperation, [logits, targets], {});
  return { logp: logp!, entropy: entropy! };
}
