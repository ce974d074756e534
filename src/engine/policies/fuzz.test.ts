/**
 * Whole models, damaged, through the door that every policy from elsewhere comes in by: a sentence, or a policy that holds
 * bit for bit what the file says; never another error, a crash, a wait, or memory that the file does not account for.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { familyFolder, familyWeights } from "../../../tests/goldens/families.ts";
import { RatchetError } from "../../core/errors.ts";
import { readWeights, writeWeights } from "../formats/checkpoint.ts";
import { ggufFile } from "../formats/gguf.test-support.ts";
import { ropeTables } from "../model/rope-tables.ts";
import { tensorOf, type Weights } from "../model/weights.ts";
import { readFolderPolicy } from "./folder-policy.ts";
import { type ForeignPolicy, writePolicy } from "./foreign-policy.ts";
import { type Config, json, metadataOf, tensorsOf } from "./gguf-policy.test-support.ts";
import { readGgufPolicy } from "./gguf-policy.ts";

const root = mkdtempSync(join(tmpdir(), "ratchet-fuzz-policy-"));
afterAll(() => rmSync(root, { recursive: true }));
const seed = 20_261_127;
/** Of one damaged model; a whole one takes a twentieth of it on an idle machine. */
const patienceMs = 10_000;

/** A share of a file's length, evenly spread: fast-check's doubles are mostly next to nothing. */
const share = (most: number) => fc.noBias(fc.integer({ min: 0, max: 999_999 })).map((n) => (most * n) / 1e6);
/** One thing that is done to a file's bytes, often in its header. */
const damage = fc.oneof(
  fc.record({ kind: fc.constant("cut" as const), at: share(1) }),
  fc.record({
    kind: fc.constant("flip" as const),
    at: fc.oneof(share(0.1), share(1)),
    byte: fc.integer({ min: 0, max: 255 }),
  }),
  // A size, a count or an offset that claims very much, or nearly right.
  fc.record({
    kind: fc.constant("number" as const),
    at: share(0.3),
    value: fc.constantFrom(
      0n,
      1n,
      2n ** 24n,
      2n ** 31n,
      2n ** 40n,
      2n ** 53n - 1n,
      2n ** 63n,
      2n ** 64n - 1n,
    ),
  }),
  fc.record({ kind: fc.constant("repeat" as const), at: share(1) }),
);
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function damaged(bytes: Buffer, given: Damage): Buffer {
  const place = Math.min(bytes.length - 1, Math.floor(given.at * bytes.length));
  switch (given.kind) {
    case "cut":
      return Buffer.from(bytes.subarray(0, place));
    case "flip": {
      const copy = Buffer.from(bytes);
      copy[place] = given.byte;
      return copy;
    }
    case "number": {
      const copy = Buffer.from(bytes);
      if (copy.length >= 8) copy.writeBigUInt64LE(given.value, Math.min(copy.length - 8, place & ~3));
      return copy;
    }
    case "repeat": {
      const end = Math.min(bytes.length, place + 64);
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(place)]);
    }
  }
}

/** The policy as it is adopted, or undefined where it was refused in a sentence that names the place. */
async function adopted(read: () => Promise<ForeignPolicy>, place: string): Promise<Weights | undefined> {
  const folder = mkdtempSync(join(root, "adopted-"));
  const begin = performance.now();
  try {
    await writePolicy(await read(), folder);
    const weights = await readWeights(folder);
    ropeTables(weights.config);
    return weights;
  } catch (error) {
    if (!(error instanceof RatchetError)) throw error;
    expect(["ModelUnreadable", "InvalidInput"]).toContain(error.type);
    expect(`${error.message} ${JSON.stringify(error.fields)}`).toContain(place);
    return undefined;
  } finally {
    rmSync(folder, { recursive: true });
    expect(performance.now() - begin).toBeLessThan(patienceMs);
  }
}

/** What a safetensors file of float32 says, read by this test alone. */
function saidBy(bytes: Buffer): Map<string, Buffer> {
  const begin = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, begin).toString("utf8")) as Record<
    string,
    { readonly data_offsets: readonly [number, number] }
  >;
  const entries = Object.entries(header).filter(([name]) => name !== "__metadata__");
  return new Map(
    entries.map(
      ([
        name,
        {
          data_offsets: [from, to],
        },
      ]) => [name, bytes.subarray(begin + from, begin + to)],
    ),
  );
}

const bitsOf = (weights: Weights, name: string) => {
  const { data } = tensorOf(weights, name);
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
};

describe("a damaged Hugging Face folder", () => {
  const whole = join(root, "whole");
  const files = [
    "model.safetensors",
    "model.safetensors",
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
  ] as const;

  beforeAll(async () => {
    cpSync(familyFolder("qwen3"), whole, { recursive: true });
    await writeWeights(whole, familyWeights(json("qwen3", "config.json")));
  });

  it("is refused in a sentence, or adopted with the very bits of its file", async () => {
    const seen = { refused: 0, adopted: 0 };
    const folder = join(root, "damaged");
    cpSync(whole, folder, { recursive: true });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), damage, async (name, given) => {
        const bytes = damaged(readFileSync(join(whole, name)), given);
        writeFileSync(join(folder, name), bytes);
        try {
          const weights = await adopted(() => readFolderPolicy(folder, undefined), folder);
          seen[weights ? "adopted" : "refused"]++;
          if (!weights) return;
          const said = saidBy(readFileSync(join(folder, "model.safetensors")));
          for (const tensor of weights.tensors.keys())
            expect(bitsOf(weights, tensor).equals(said.get(tensor)!), tensor).toBe(true);
        } finally {
          cpSync(join(whole, name), join(folder, name));
        }
      }),
      { numRuns: 150, seed },
    );
    expect(seen.refused).toBeGreaterThan(60);
    expect(seen.adopted).toBeGreaterThan(10);
  });

  it("is refused where its header has a tensor twice, with other contents", async () => {
    const bytes = readFileSync(join(whole, "model.safetensors"));
    const end = 8 + Number(bytes.readBigUInt64LE(0));
    const text = bytes.subarray(8, end).toString("utf8").trimEnd();
    const header = JSON.parse(text) as Record<string, { shape: number[] }>;
    const { shape, ...rest } = header["model.norm.weight"]!;
    const twice = `${text.slice(0, -1)},"model.norm.weight":${JSON.stringify({ ...rest, shape })}}`;
    const head = Buffer.from(twice);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(head.length));
    const folder = join(root, "twice");
    cpSync(whole, folder, { recursive: true });
    writeFileSync(join(folder, "model.safetensors"), Buffer.concat([length, head, bytes.subarray(end)]));
    await expect(readFolderPolicy(folder, undefined)).rejects.toThrow(
      "model.safetensors: its header has 'model.norm.weight' twice",
    );
  });

  it("is refused where its context would need tables of gigabytes, before any are made", async () => {
    const folder = join(root, "long");
    cpSync(whole, folder, { recursive: true });
    const config = {
      ...json<Config>("qwen3", "config.json"),
      head_dim: 256,
      max_position_embeddings: 2 ** 22,
    };
    writeFileSync(join(folder, "config.json"), JSON.stringify(config));
    await expect(readFolderPolicy(folder, undefined)).rejects.toThrow(
      "'max_position_embeddings' gives 4194304 positions, and at most 524288 of heads of 256 values have room in tables; lower it to the context that is used",
    );
  });
});

describe("a damaged GGUF file", () => {
  const config = json<Config>("qwen3", "config.json");
  const template = readFileSync(join(familyFolder("qwen3"), "chat_template.jinja"), "utf8");
  const tensors = tensorsOf("qwen3", config);
  const bytes = ggufFile(metadataOf("qwen3", config, template), tensors);
  const dataBytes = tensors.reduce((sum, { data }) => sum + Math.ceil(data.length / 32) * 32, 0);
  const file = join(root, "damaged.gguf");

  it("is refused in a sentence, or adopted with the very bits of its file", async () => {
    const expected = familyWeights(config);
    const seen = { refused: 0, adopted: 0 };
    await fc.assert(
      fc.asyncProperty(damage, async (given) => {
        const copy = damaged(bytes, given);
        writeFileSync(file, copy);
        const weights = await adopted(() => readGgufPolicy(file, undefined), file);
        seen[weights ? "adopted" : "refused"]++;
        if (!weights) return;
        const begin = copy.length - dataBytes;
        let offset = begin;
        for (const [place, name] of [...expected.tensors.keys()].entries()) {
          const { length } = tensors[place]!.data;
          expect(bitsOf(weights, name).equals(copy.subarray(offset, offset + length)), name).toBe(true);
          offset += Math.ceil(length / 32) * 32;
        }
      }),
      { numRuns: 150, seed },
    );
    expect(seen.refused).toBeGreaterThan(60);
    expect(seen.adopted).toBeGreaterThan(10);
  });

  const refusal = (given: Buffer) => {
    writeFileSync(file, given);
    return expect(readGgufPolicy(file, undefined)).rejects;
  };

  it("is refused where a key is there twice, and where a text is no UTF-8", async () => {
    const metadata = metadataOf("qwen3", config, template);
    const again = { key: "qwen3.block_count", value: 7 };
    await refusal(ggufFile([...metadata, again], tensors)).toThrow(
      "its metadata has 'qwen3.block_count' twice",
    );
    const broken = Buffer.from(bytes);
    broken[bytes.indexOf("general.architecture") + 3] = 0xff;
    await refusal(broken).toThrow("its header holds a text that is no UTF-8, before byte 52");
  });

  it("is refused where two tensors share bytes", async () => {
    const shared = Buffer.from(bytes);
    // The offset is the last of what is said of a tensor: of the second one, before the third one's name.
    const third = bytes.indexOf(tensors[2]!.name, bytes.lastIndexOf("token_embd.weight"));
    shared.writeBigUInt64LE(0n, third - 16);
    await refusal(shared).toThrow(`tensor '${tensors[1]!.name}' begins at data byte 0 where`);
  });
});
