import { afterAll, describe, expect, it } from "vitest";
import { goldenWeights, llamaGoldens } from "../../../tests/goldens/llama.ts";
import { ropeTables } from "../model/rope-tables.ts";
import { emptyWeights } from "../model/weights.ts";
import { Runtime } from "../runtime/session.ts";
import { perEntry } from "./batch-loss.ts";
import { backwardHead, forwardHead } from "./head.ts";
import { backwardLayers, forwardLayers } from "./layers.ts";
import { packRows } from "./pack.ts";
import { preparePack } from "./prepared-pack.ts";

const runtime = new Runtime({ threads: 1, provider: "cpu", sessionCapacity: 16 });
afterAll(() => runtime.release());
const tick = () => {};

/** Greatest error over max(1, |expected|). */
const error = (actual: ArrayLike<number>, expected: readonly number[]) =>
  Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value) / Math.max(1, Math.abs(value))));

describe.each(["tied", "untied"] as const)(
  "a tiny Llama with %s embeddings, its rows in one pack",
  (name) => {
    const golden = llamaGoldens[name];
    const weights = goldenWeights(golden.config, golden.weights);
    const rows = golden.rows.map(({ prompt, response }) => ({
      prompt,
      response,
      mask: response.map(() => 1 as const),
      advantages: response.map(() => 1),
    }));

    it.each([
      ["kept", 2 ** 30],
      ["recomputed", 0],
    ])(
      "has transformers' log-probabilities and entropies, and torch's gradients, within 1e-4, activations %s",
      async (_, keptBytes) => {
        const [pack, ...others] = packRows(rows, 1000);
        expect(others).toEqual([]);
        const prepared = preparePack(pack!, ropeTables(weights.config));
        const activations = await forwardLayers(runtime, weights, prepared, keptBytes, tick);
        const hidden = activations.states.at(-1)!;
        const values = await forwardHead(
          runtime,
          weights,
          pack!.targets,
          hidden,
          { entropy: true, keeps: keptBytes > 0 },
          tick,
        );
        expect(
          error(
            perEntry(pack!.entries, values.logp),
            golden.rows.flatMap(({ logp }) => logp),
          ),
        ).toBeLessThan(1e-5);
        expect(
          error(
            perEntry(pack!.entries, values.entropy),
            golden.rows.flatMap(({ entropy }) => entropy),
          ),
        ).toBeLessThan(1e-5);

        const dTargets = {
          logp: new Float32Array(pack!.targets.length),
          entropy: new Float32Array(pack!.targets.length),
        };
        for (const { row, index, target } of pack!.entries) {
          dTargets.logp[target]! += golden.rows[row]!.dLogp[index]!;
          dTargets.entropy[target]! += golden.rows[row]!.dEntropy[index]!;
        }
        const gradients = emptyWeights(weights.config);
        gradients.arena.fill(7); // What the memory held is written over.
        const sum = { parameters: gradients, adds: false };
        const dHidden = await backwardHead(runtime, weights, pack!.targets, values, dTargets, sum, tick);
        await backwardLayers(runtime, weights, prepared, activations, dHidden, sum, tick);
        for (const [tensor, { data }] of gradients.tensors) {
          expect(error(data, golden.gradients[tensor]!.data), tensor).toBeLessThan(1e-4);
        }
      },
    );
  },
);
