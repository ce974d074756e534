/** The bytes each token of a policy stands for: what byte-level BPE makes of ids, before it is read as UTF-8. */
import { join } from "node:path";
import { readPolicyConfig } from "../formats/checkpoint.ts";
import { readJson } from "../formats/json-text.ts";
import { byteCharacter } from "./byte-level.ts";
import { parseTokenizer } from "./tokenizer-file.ts";

const byteOf = new Map(Array.from({ length: 256 }, (_, byte) => [byteCharacter(byte), byte]));

/** By token id; ids that the tokenizer does not know are missing. Throws ModelUnreadable. */
export async function readTokenBytes(folder: string): Promise<readonly Uint8Array[]> {
  const { vocabularySize } = await readPolicyConfig(folder);
  const file = join(folder, "tokenizer.json");
  const { model, added_tokens } = parseTokenizer(file, await readJson(file), vocabularySize);
  const bytes: Uint8Array[] = [];
  for (const [token, id] of Object.entries(model.vocab)) bytes[id] = bytesOf(token);
  // Added tokens stand for themselves, whatever a vocabulary that lists them too would make of them.
  for (const { id, content } of added_tokens) bytes[id] = Buffer.from(content);
  return bytes;
}

function bytesOf(token: string): Uint8Array {
  const bytes = Array.from(token, (character) => byteOf.get(character));
  return bytes.includes(undefined) ? Buffer.from(token) : Uint8Array.from(bytes as number[]);
}
