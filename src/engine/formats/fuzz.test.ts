/**
 * Damaged files of every kind that is read: whatever bytes are cut or changed, the answer is a sentence (ModelUnreadable,
 * InvalidInput) or a model whose every tensor has its shape, and never more memory than the file's own size allows.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { familyFolder, familyWeights } from "../../../tests/goldens/families.ts";
import { RatchetError } from "../../core/errors.ts";
import { parseLlamaConfig } from "../model/config.ts";
import { emptyLike } from "../model/weights.ts";
import { fitTexts } from "../policies/policy-texts.ts";
import { parseTokenizer } from "../tokenizer/tokenizer-file.ts";
import { readOptimizerState } from "./checkpoint.ts";
import { ggufFile, ggufText } from "./gguf.test-support.ts";
import { readGgufModel } from "./gguf-model.ts";
import { modelTensors } from "./model-tensors.ts";
import { sourcesOf } from "./parameter-tensors.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

const root = mkdtempSync(join(tmpdir(), "ratchet-fuzz-"));
const file = join(root, "damaged");
afterAll(() => rmSync(root, { recursive: true }));
const seed = 20_261_122;

/** Bytes cut off at the end, then bytes at some places replaced: near the beginning more often, where headers are. */
const damage = fc.record({
  keep: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.boolean(),
  flips: fc.array(
    fc.record({
      place: fc.double({ min: 0, max: 1, noNaN: true }),
      early: fc.boolean(),
      byte: fc.integer({ min: 0, max: 255 }),
    }),
    { minLength: 1, maxLength: 8 },
  ),
});
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function damaged(bytes: Buffer, { keep, cut, flips }: Damage): Buffer {
  const copy = Buffer.from(cut ? bytes.subarray(0, Math.floor(keep * bytes.length)) : bytes);
  for (const { place, early, byte } of flips) {
    const range = early ? Math.min(copy.length, 256) : copy.length;
    if (range > 0) copy[Math.min(range - 1, Math.floor(place * range))] = byte;
  }
  return copy;
}

/** Runs `read` on damaged bytes; anything thrown must be one sentence of ours. Gives how often it was refused. */
async function refusals(
  bytes: Buffer,
  runs: number,
  read: (damagedBytes: Buffer) => unknown,
): Promise<number> {
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(damage, async (given) => {
      try {
        await read(damaged(bytes, given));
      } catch (error) {
        if (!(error instanceof RatchetError)) throw error;
        expect(["ModelUnreadable", "InvalidInput"]).toContain(error.type);
        refused++;
      }
    }),
    { numRuns: runs, seed },
  );
  return refused;
}

const config = JSON.parse(readFileSync(join(familyFolder("qwen3"), "config.json"), "utf8")) as object;
const weights = familyWeights(config);

describe("a damaged file is refused in a sentence or read in its shapes:", () => {
  it("safetensors, taking no more memory than twice the file", async () => {
    await writeSafetensors(
      file,
      [...weights.tensors].map(([name, { shape, data }]) => ({
        name,
        dtype: "F32",
        shape,
        read: () => data,
      })),
    );
    const whole = readFileSync(file);
    const refused = await refusals(whole, 300, async (bytes) => {
      writeFileSync(file, bytes);
      let taken = 0;
      const tensors = await readSafetensors(file, (_name, shape, dtype) => {
        const elements = shape.reduce((product, size) => product * size, 1);
        taken += 4 * elements;
        expect(taken).toBeLessThanOrEqual(2 * bytes.length);
        return dtype === "I32" ? new Int32Array(elements) : new Float32Array(elements);
      });
      for (const { shape, data } of tensors.values())
        expect(data.length).toBe(shape.reduce((product, size) => product * size, 1));
    });
    expect(refused).toBeGreaterThan(100);
  });

  it("the optimizer's state, with no step or mean of squares below 0", async () => {
    const folder = mkdtempSync(join(root, "optimizer-"));
    const optimizer = join(folder, "optimizer.safetensors");
    const parameters = emptyLike(weights);
    parameters.arena.fill(0.5);
    await writeSafetensors(optimizer, [
      ...sourcesOf(parameters, "m."),
      ...sourcesOf(parameters, "v."),
      { name: "step", dtype: "I32", shape: [1], read: () => Int32Array.of(3) },
    ]);
    const whole = readFileSync(optimizer);
    const refused = await refusals(whole, 300, async (bytes) => {
      writeFileSync(optimizer, bytes);
      const { step, m, v } = (await readOptimizerState(folder, weights))!;
      expect(step).toBeGreaterThanOrEqual(0);
      expect(m.arena.every(Number.isFinite)).toBe(true);
      expect(v.arena.every((value) => value >= 0 && Number.isFinite(value))).toBe(true);
    });
    expect(refused).toBeGreaterThan(100);
  });

  it("GGUF, its tensors within the file", async () => {
    const whole = ggufFile(
      [
        ggufText("general.architecture", "qwen3"),
        ...Object.entries({
          "tokenizer.ggml.eos_token_id": 2,
          "qwen3.embedding_length": 16,
          "qwen3.attention.head_count": 4,
          "qwen3.attention.head_count_kv": 2,
          "qwen3.attention.key_length": 8,
          "qwen3.feed_forward_length": 24,
          "qwen3.context_length": 64,
          "qwen3.block_count": 1,
          "qwen3.attention.layer_norm_rms_epsilon": 1e-6,
        }).map(([key, value]) => ({ key, value })),
      ],
      [
        { name: "token_embd.weight", dimensions: [16, 20], type: 0, data: Buffer.alloc(1280) },
        { name: "blk.0.attn_q.weight", dimensions: [16, 32], type: 0, data: Buffer.alloc(2048) },
        { name: "output_norm.weight", dimensions: [16], type: 0, data: Buffer.alloc(64) },
      ],
    );
    const refused = await refusals(whole, 400, async (bytes) => {
      writeFileSync(file, bytes);
      const { config: found, tensors } = await readGgufModel(file);
      for (const { shape, read } of tensors) {
        const elements = shape.reduce((product, size) => product * size, 1);
        expect(elements).toBeLessThanOrEqual(2 * bytes.length);
        expect((await read()).length).toBe(elements);
      }
      modelTensors(
        file,
        parseLlamaConfig(found, file),
        tensors.map((source) => ({ file, source })),
      );
    });
    // The file lacks most of its tensors, so that not one reading ends well.
    expect(refused).toBe(400);
  });

  it("config.json, whatever numbers it holds", async () => {
    const numbers = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.constantFrom(0, -1, 2 ** 31, 2 ** 53, 1e300, null, "16", true, [], {}),
    );
    const fields = fc.constantFrom(...Object.keys(config));
    let refused = 0;
    fc.assert(
      fc.property(fc.array(fc.tuple(fields, numbers), { minLength: 1, maxLength: 3 }), (changes) => {
        try {
          const parsed = parseLlamaConfig({ ...config, ...Object.fromEntries(changes) }, file);
          expect(parsed.contextTokens * parsed.headSize).toBeLessThanOrEqual(2 ** 40);
        } catch (error) {
          if (!(error instanceof RatchetError)) throw error;
          expect(error.message).toContain(file);
          refused++;
        }
      }),
      { numRuns: 500, seed },
    );
    expect(refused).toBeGreaterThan(200);
  });

  it.each(["tokenizer.json", "tokenizer_config.json", "generation_config.json"])("%s", async (name) => {
    const folder = familyFolder("qwen3");
    const json = (other: string) => JSON.parse(readFileSync(join(folder, other), "utf8")) as object;
    const texts = {
      place: folder,
      config: json("config.json") as Record<string, unknown>,
      template: readFileSync(join(folder, "chat_template.jinja"), "utf8"),
      reasoning: undefined,
    };
    const whole = readFileSync(join(folder, name));
    await refusals(whole, 100, (bytes) => {
      let value: Record<string, unknown>;
      try {
        value = JSON.parse(bytes.toString("utf8")) as Record<string, unknown>;
      } catch {
        return; // readers refuse what is no JSON before they look at it
      }
      const given = (other: string) => (other === name ? value : json(other)) as Record<string, unknown>;
      parseTokenizer(file, given("tokenizer.json"), weights.config.vocabularySize);
      fitTexts({
        ...texts,
        tokenizer: given("tokenizer.json"),
        tokenizerConfig: given("tokenizer_config.json"),
        generation: given("generation_config.json"),
      });
    });
  });
});
