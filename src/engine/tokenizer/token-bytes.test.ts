import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { prepareTiny } from "../policies/tiny.ts";
import { createChatCodec } from "./codec.ts";
import { readTokenBytes } from "./token-bytes.ts";

const folder = mkdtempSync(join(tmpdir(), "ratchet-bytes-"));
beforeAll(() => prepareTiny(folder, 1));
afterAll(() => rmSync(folder, { recursive: true }));

describe("the bytes of tokens", () => {
  it("are together what the codec decodes, tags and control tokens as they are written", async () => {
    const bytes = await readTokenBytes(folder);
    const { decode, stopIds } = await createChatCodec(folder);
    expect(bytes).toHaveLength(268);
    const ids = fc.array(fc.oneof(fc.integer({ min: 0, max: 267 }), fc.integer({ min: 32, max: 126 })));
    fc.assert(
      fc.property(ids, (said) => {
        fc.pre(!stopIds.includes(said.at(-1)!));
        expect(decode(said)).toBe(new TextDecoder().decode(Buffer.concat(said.map((id) => bytes[id]!))));
      }),
    );
  });

  it("are those of the added token where the vocabulary lists it too", async () => {
    const file = join(folder, "tokenizer.json");
    const json = JSON.parse(readFileSync(file, "utf8")) as { model: { vocab: Record<string, number> } };
    // Byte-level BPE would read U+0120 as a space.
    json.model.vocab = { ...json.model.vocab, "\u0120": 258 };
    writeFileSync(file, JSON.stringify(json));
    expect((await readTokenBytes(folder))[258]).toEqual(Buffer.from("<|im_end|>"));
  });
});
