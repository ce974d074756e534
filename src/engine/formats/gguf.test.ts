import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { f32, ggufFile, ggufText, type RawTensor, text, u32, u64 } from "./gguf.test-support.ts";
import { readGguf, readGgufTensor } from "./gguf.ts";
import { blockLayouts } from "./gguf-blocks.ts";
import { readGgufModel, restoreRotaryRows } from "./gguf-model.ts";

const folder = mkdtempSync(join(tmpdir(), "ratchet-gguf-"));
const file = join(folder, "a.gguf");
afterAll(() => rmSync(folder, { recursive: true }));

const numberValue = (key: string, value: number) => ({ key, value });

const tensor = (name: string, dimensions: number[], ...values: number[]): RawTensor => ({
  name,
  dimensions,
  type: 0,
  data: f32(...values),
});

describe("reading GGUF", () => {
  it("gives metadata, and tensors outermost dimension first", async () => {
    const list = Buffer.concat([text("list"), u32(9), u32(5), u64(2), u32(1), u32(0xffffffff)]);
    writeFileSync(file, ggufFile([ggufText("name", "x"), list], [tensor("t", [3, 2], 1, 2, 3, 4, 5, 6)]));
    const { metadata, tensors } = await readGguf(file);
    expect(Object.fromEntries(metadata)).toEqual({ name: "x", list: [1, -1] });
    expect(tensors.get("t")).toMatchObject({ shape: [2, 3], type: 0 });
    expect([...(await readGgufTensor(file, tensors.get("t")!))]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("refuses a file cut at any byte", async () => {
    const bytes = ggufFile([ggufText("name", "x")], [tensor("t", [8], 1, 2, 3, 4, 5, 6, 7, 8)]);
    for (let length = 0; length < bytes.length; length++) {
      writeFileSync(file, bytes.subarray(0, length));
      await expect(readGguf(file), `${length} bytes`).rejects.toMatchObject({ type: "ModelUnreadable" });
    }
  });

  const head = (tensors: bigint, metadata: bigint) =>
    Buffer.concat([Buffer.from("GGUF"), u32(3), u64(tensors), u64(metadata)]);
  it.each([
    ["another format", Buffer.from("PK\x03\x04 a zip file"), "does not begin with 'GGUF'"],
    ["an old version", Buffer.concat([Buffer.from("GGUF"), u32(1)]), "version is 1, not 2 or 3"],
    ["2^64 - 1 tensors", head(2n ** 64n - 1n, 0n), "a size of 18446744073709552000"],
    ["2^40 metadata values", head(0n, 2n ** 40n), "its header needs byte"],
    ["a text of 2^50 bytes", Buffer.concat([head(0n, 1n), u64(2n ** 50n)]), "its header needs byte"],
    [
      "arrays of arrays",
      Buffer.concat([head(0n, 1n), text("k"), u32(9), u32(9), u64(1)]),
      "array holds arrays",
    ],
    ["a value of unknown type", Buffer.concat([head(0n, 1n), text("k"), u32(13)]), "GGUF type 13"],
    ["five dimensions", Buffer.concat([head(1n, 0n), text("t"), u32(5)]), "has 5 dimensions"],
    [
      "an unknown tensor type",
      ggufFile([], [{ ...tensor("t", [1], 1), type: 99 }]),
      "ggml type 99, known are F32, F16",
    ],
    [
      "a k-quant, by its name",
      ggufFile([], [{ ...tensor("t", [1], 1), type: 12 }]),
      "tensor 't' has Q4_K, ggml type 12, known are F32, F16, Q4_0",
    ],
    [
      "rows that are no whole blocks",
      ggufFile([], [{ ...tensor("t", [33], 1), type: 3 }]),
      "have 33 elements, no multiple of 32",
    ],
    ["a tensor past the end", ggufFile([], [tensor("t", [1000], 1)]), "tensor 't' ends at byte"],
    [
      "sizes whose product overflows",
      ggufFile([], [tensor("t", [2 ** 50, 2 ** 50], 1)]),
      "tensor 't' ends at byte",
    ],
  ])("refuses %s", async (_, bytes, message) => {
    writeFileSync(file, bytes);
    await expect(readGguf(file)).rejects.toMatchObject({
      type: "ModelUnreadable",
      message: expect.stringContaining(message),
    });
  });
});

describe("dequantizing", () => {
  /** Nibble pairs 0x10, 0x32, ... : low nibbles 0, 2, 4, ... and high nibbles 1, 3, 5, ..., modulo 16. */
  const nibbles = Buffer.from(
    Array.from({ length: 16 }, (_, i) => ((2 * i) & 15) | (((2 * i + 1) & 15) << 4)),
  );
  const even = [0, 2, 4, 6, 8, 10, 12, 14, 0, 2, 4, 6, 8, 10, 12, 14];
  const odd = even.map((value) => value + 1);
  const widen = (type: number, ...bytes: Buffer[]) => [
    ...blockLayouts.get(type)!.widen(Buffer.concat(bytes)),
  ];
  /** binary16 of 0.5 and of -3. */
  const [half, minusThree] = [Buffer.from([0x00, 0x38]), Buffer.from([0x00, 0xc2])];

  it("Q4_1 is scale times nibble plus minimum, low nibbles first", () => {
    expect(widen(3, half, minusThree, nibbles)).toEqual([...even, ...odd].map((q) => 0.5 * q - 3));
  });

  it("Q4_0 is scale times nibble less 8", () => {
    expect(widen(2, half, nibbles)).toEqual([...even, ...odd].map((q) => 0.5 * (q - 8)));
  });

  it("Q8_0 is scale times a signed byte", () => {
    const bytes = Array.from({ length: 32 }, (_, i) => i * 8 - 128);
    expect(widen(8, half, Buffer.from(Int8Array.from(bytes).buffer))).toEqual(bytes.map((q) => q / 2));
  });

  it("F16 and BF16 keep their values", () => {
    expect(widen(1, half, minusThree)).toEqual([0.5, -3]);
    expect(widen(30, Buffer.from([0x40, 0xc0]))).toEqual([-3]);
  });
});

describe("a model in GGUF", () => {
  it("has its query and key rows put back from pairs to halves", () => {
    // Two heads of four rows and one column; llama.cpp has (i, half): h0 h2 h1 h3.
    const stored = Float32Array.of(0, 2, 1, 3, 10, 12, 11, 13);
    expect([...restoreRotaryRows(stored, [8, 1], 2)]).toEqual([0, 1, 2, 3, 10, 11, 12, 13]);
  });

  it("refuses another architecture and unknown tensors by name", async () => {
    writeFileSync(file, ggufFile([ggufText("general.architecture", "mamba")], []));
    await expect(readGgufModel(file)).rejects.toThrow(
      "its architecture is 'mamba', known are llama, qwen2, qwen3",
    );
    const llama = [
      ggufText("general.architecture", "llama"),
      ...[
        ["tokenizer.ggml.bos_token_id", 1],
        ["tokenizer.ggml.eos_token_id", 2],
        ["tokenizer.ggml.padding_token_id", 2],
        ["llama.embedding_length", 8],
        ["llama.attention.head_count", 2],
        ["llama.attention.head_count_kv", 1],
        ["llama.feed_forward_length", 16],
        ["llama.context_length", 64],
        ["llama.block_count", 1],
        ["llama.attention.layer_norm_rms_epsilon", 1e-5],
        ["llama.rope.freq_base", 10_000],
        ["llama.vocab_size", 3],
      ].map(([key, value]) => numberValue(key as string, value as number)),
    ];
    writeFileSync(file, ggufFile(llama, [tensor("blk.0.attn_q.scale", [1], 1)]));
    await expect(readGgufModel(file)).rejects.toThrow(
      "tensor 'blk.0.attn_q.scale' is not one of a Llama's or Qwen's",
    );
    writeFileSync(file, ggufFile(llama.slice(0, 3), []));
    await expect(readGgufModel(file)).rejects.toThrow("its metadata has no number 'llama.embedding_length'");
  });
});
