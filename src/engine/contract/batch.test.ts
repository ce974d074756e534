import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { TrainingRow } from "../../core/ports/policy.ts";
import { forestOf, rowsOf, type TokenForest } from "./batch.ts";
import { readBatchFile, writeBatchFile } from "./batch-file.ts";

const folder = mkdtempSync(join(tmpdir(), "ratchet-batch-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const row = (prompt: number[], response: number[], mask: (0 | 1)[], value: number): TrainingRow => ({
  prompt,
  response,
  mask,
  advantages: mask.map((bit) => bit * value),
  logprobs: mask.map((bit) => -bit * value),
});

describe("a token forest", () => {
  it("stores what rows share before their first trained token once, and each response as a branch of its own", () => {
    const forest = forestOf([[row([7, 8], [1, 2], [1, 1], 0.5), row([7, 8], [1, 3], [1, 1], -0.5)]]);
    expect(forest).toEqual({
      ids: Int32Array.of(7, 8, 1, 2, 1, 3),
      parents: Int32Array.of(-1, 0, 1, 2, 1, 4),
      miniBatches: Int32Array.of(0, 0, 0, 0, 0, 0),
      masks: Int32Array.of(0, 0, 1, 1, 1, 1),
      advantages: Float32Array.of(0, 0, 0.5, 0.5, -0.5, -0.5),
      oldLogprobs: Float32Array.of(0, 0, -0.5, -0.5, 0.5, 0.5),
    });
  });

  it("leaves out what is never trained on: whole rows, and a response's end", () => {
    const forest = forestOf([[row([7], [1, 2], [0, 0], 1), row([7], [1, 2, 3], [1, 0, 0], 1)]]);
    expect([...forest.ids]).toEqual([7, 1]);
  });

  it("says the same as the rows it was made of: the tokens before each trained one, and the values on it", () => {
    const token = fc.integer({ min: 0, max: 2 });
    const anyRow = fc
      .record({
        prompt: fc.array(token, { minLength: 1, maxLength: 5 }),
        said: fc.array(fc.tuple(token, fc.constantFrom(0 as const, 1 as const)), { maxLength: 5 }),
        value: fc.constantFrom(-1, 0.5, 2),
      })
      .map(({ prompt, said, value }) =>
        row(
          prompt,
          said.map(([id]) => id),
          said.map(([, bit]) => bit),
          value,
        ),
      );
    const trained = (rows: readonly TrainingRow[]) =>
      rows.flatMap(({ prompt, response, mask, advantages, logprobs }) =>
        mask.flatMap((bit, i) =>
          bit === 1
            ? [
                {
                  before: [...prompt, ...response.slice(0, i)],
                  id: response[i],
                  A: advantages[i],
                  old: logprobs![i],
                },
              ]
            : [],
        ),
      );
    fc.assert(
      fc.property(
        fc.array(fc.array(anyRow, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
        (batches) => {
          const useful = batches.filter((rows) => rows.some(({ mask }) => mask.includes(1)));
          const again = rowsOf(forestOf(useful));
          expect(again.map(trained)).toEqual(useful.map(trained));
        },
      ),
    );
  });
});

describe("a batch file", () => {
  const forest = forestOf([[row([7, 8], [1, 2], [1, 1], 0.5)], [row([9], [3], [1], 1)]]);
  const written = async (change: Partial<TokenForest>) => {
    const file = join(folder, "batch.safetensors");
    await writeBatchFile(file, { ...forest, ...change });
    return file;
  };

  it("gives back the forest it was written from", async () => {
    expect(await readBatchFile(await written({}))).toEqual(forest);
  });

  it("that holds no forest is refused by the tensor that is wrong", async () => {
    const refusal = async (change: Partial<TokenForest>) =>
      readBatchFile(await written(change)).catch((error: Error) => error.message.replace(/^.*tensor /, ""));
    expect(await refusal({ ids: new Int32Array(0) })).toBe(
      "'ids' is missing or empty; see docs/contracts/trainer.md",
    );
    expect(await refusal({ masks: Int32Array.of(1) })).toBe(
      "'masks' has shape [1] and not [6], that of ids; see docs/contracts/trainer.md",
    );
    expect(await refusal({ parents: Int32Array.of(-1, 2, 1, 2, -1, 4) })).toBe(
      "'parents' [1] is 2; a parent stands before its child; see docs/contracts/trainer.md",
    );
    expect(await refusal({ miniBatches: Int32Array.of(0, 0, 1, 1, 1, 1) })).toBe(
      "'mini_batches' [2] is 1 and its parent's is 0; see docs/contracts/trainer.md",
    );
    expect(await refusal({ miniBatches: Int32Array.of(1, 1, 1, 1, 0, 0) })).toBe(
      "'mini_batches' [0] is 1; steps begin at 0 and leave none out; see docs/contracts/trainer.md",
    );
    expect(await refusal({ miniBatches: Int32Array.of(0, 0, 0, 0, 2, 2) })).toBe(
      "'mini_batches' [4] is 2; steps begin at 0 and leave none out; see docs/contracts/trainer.md",
    );
    const roots = { parents: new Int32Array(6).fill(-1), miniBatches: Int32Array.of(0, 1, 0, 0, 0, 0) };
    expect(await refusal(roots)).toBe(
      "'mini_batches' [2] is less than the one before; see docs/contracts/trainer.md",
    );
    expect(await refusal({ masks: Int32Array.of(0, 0, 1, 2, 0, 1) })).toBe(
      "'masks' [3] is 2; it must be 0 or 1; see docs/contracts/trainer.md",
    );
  });
});
