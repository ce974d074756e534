import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { readSafetensors, type TensorSource, writeSafetensors } from "./safetensors.ts";

const folder = mkdtempSync(join(tmpdir(), "ratchet-safetensors-"));
const file = join(folder, "a.safetensors");
afterAll(() => rmSync(folder, { recursive: true }));

const source = (name: string, shape: number[], data: Float32Array | Int32Array): TensorSource => ({
  name,
  dtype: data instanceof Int32Array ? "I32" : "F32",
  shape,
  read: () => data,
});

/** A file of the given header text and data, whose length prefix may lie. */
function writeRaw(header: string, data: number[] = [], claimed = Buffer.byteLength(header)): void {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(claimed));
  writeFileSync(file, Buffer.concat([prefix, Buffer.from(header), Buffer.from(data)]));
}

describe("writing safetensors", () => {
  it("gives these very bytes, whatever the order of the tensors", async () => {
    const b = source("b", [1], Int32Array.of(7));
    const a = source("a", [2, 1], Float32Array.of(1, -2));
    const header =
      '{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"b":{"dtype":"I32","shape":[1],"data_offsets":[8,12]}}';
    const expected = Buffer.concat([
      Buffer.from([144, 0, 0, 0, 0, 0, 0, 0]),
      Buffer.from(header.padEnd(144, " ")),
      Buffer.from([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 7, 0, 0, 0]),
    ]);
    const { sha256, bytes } = await writeSafetensors(file, [b, a]);
    expect(readFileSync(file)).toEqual(expected);
    expect(sha256).toBe("ddd21696851698a4ef9995214081f1df9e5a84d93600e714b85b35b55a432039");
    expect(await writeSafetensors(file, [a, b])).toEqual({ sha256, bytes });
  });

  it("refuses data that its shape does not fit", async () => {
    await expect(writeSafetensors(file, [source("a", [3], Float32Array.of(1))])).rejects.toThrow(
      "tensor 'a' of shape [3] has 1 elements",
    );
  });
});

describe("reading safetensors", () => {
  it("gives back what was written", async () => {
    const tensor = fc.oneof(
      fc.float32Array({ noNaN: true, maxLength: 9 }),
      fc.int32Array({ maxLength: 9 }),
    ) as fc.Arbitrary<Float32Array | Int32Array>;
    const tensors = fc.dictionary(
      fc.string({ minLength: 1 }).filter((name) => name !== "__metadata__"),
      tensor,
    );
    const property = fc.asyncProperty(tensors, async (given) => {
      await writeSafetensors(
        file,
        Object.entries(given).map(([name, data]) => source(name, [data.length], data)),
      );
      const read = await readSafetensors(file);
      expect(Object.fromEntries([...read].map(([name, { data }]) => [name, data]))).toEqual({ ...given });
    });
    await fc.assert(property, { numRuns: 50, seed: 1 });
  });

  it("reads into the memory it is given", async () => {
    const arena = new Float32Array(4);
    await writeSafetensors(file, [
      source("a", [2], Float32Array.of(1, 2)),
      source("b", [2], Float32Array.of(3, 4)),
    ]);
    const tensors = await readSafetensors(file, (name) =>
      name === "a" ? arena.subarray(2, 4) : arena.subarray(0, 2),
    );
    expect([...arena]).toEqual([3, 4, 1, 2]);
    expect(tensors.get("a")?.data.buffer).toBe(arena.buffer);
  });

  it("widens 16-bit floats", async () => {
    writeRaw(
      '{"h":{"dtype":"F16","shape":[4],"data_offsets":[0,8]},"w":{"dtype":"BF16","shape":[2],"data_offsets":[8,12]}}',
      [0x00, 0x3c, 0x01, 0x00, 0xff, 0xfb, 0x00, 0x7c, 0xc0, 0x3f, 0x80, 0xff],
    );
    const tensors = await readSafetensors(file);
    expect([...tensors.get("h")!.data]).toEqual([1, 2 ** -24, -65504, Number.POSITIVE_INFINITY]);
    expect([...tensors.get("w")!.data]).toEqual([1.5, Number.NEGATIVE_INFINITY]);
  });

  const entry = (over: object) =>
    JSON.stringify({ a: { dtype: "F32", shape: [1], data_offsets: [0, 4], ...over } });
  it.each([
    [
      "a header longer than the file",
      () => writeRaw("{}", [], 3),
      "claims 3 bytes where at most 2 are possible",
    ],
    [
      "a header of 2^63 bytes",
      () => writeFileSync(file, Buffer.from([0, 0, 0, 0, 0, 0, 0, 0x80])),
      "at most 0 are",
    ],
    ["fewer than 8 bytes", () => writeFileSync(file, "abc"), "this one has 3"],
    ["a header that is no JSON", () => writeRaw("{"), "its header is not JSON"],
    [
      "a header that is nested without end",
      () => writeRaw(`{"a":${"[".repeat(1e6)}${"]".repeat(1e6)}}`),
      "its header is not JSON (it is nested more than 64 deep)",
    ],
    [
      "a name without end, in few words",
      () => writeRaw(`{"${"a".repeat(1e6)}":null}`),
      `tensor '${"a".repeat(992)}...; fetch`,
    ],
    ["a header that is a list", () => writeRaw("[]"), "its header is not a JSON object"],
    [
      "an unknown dtype",
      () => writeRaw(entry({ dtype: "F8" }), [0]),
      'has dtype "F8", known are F32, I32, F16, BF16',
    ],
    [
      "a dtype that is a property of every object",
      () => writeRaw(entry({ dtype: "constructor" })),
      "has dtype",
    ],
    ["a negative size", () => writeRaw(entry({ shape: [-1] })), "has shape [-1]"],
    ["an entry that is null", () => writeRaw('{"a":null}'), "tensor 'a' has dtype undefined"],
    [
      "offsets that do not fit the shape",
      () => writeRaw(entry({ shape: [2] }), [0, 0, 0, 0]),
      "needs 8 bytes",
    ],
    [
      "a shape whose product overflows",
      () => writeRaw(entry({ shape: [2 ** 50, 2 ** 50] })),
      "data_offsets give 4",
    ],
    [
      "a hole before a tensor",
      () => writeRaw(entry({ data_offsets: [4, 8] }), [0, 0, 0, 0, 0, 0, 0, 0]),
      "where 0 is due",
    ],
    ["missing data", () => writeRaw(entry({}), [0, 0, 0]), "need 4 data bytes and the file has 3"],
    [
      "data that no tensor owns",
      () => writeRaw(entry({}), [0, 0, 0, 0, 0]),
      "need 4 data bytes and the file has 5",
    ],
  ])("refuses %s", async (_, write, message) => {
    write();
    await expect(readSafetensors(file)).rejects.toMatchObject({
      type: "ModelUnreadable",
      message: expect.stringContaining(message),
    });
  });

  it("names a file that is not there", async () => {
    await expect(readSafetensors(join(folder, "none"))).rejects.toThrow(
      /none: it cannot be opened \(ENOENT\)/,
    );
  });
});
