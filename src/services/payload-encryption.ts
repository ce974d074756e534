/**
 * Optional encryption of everything that Temporal stores of a run: AES-256-GCM over each payload, in the framing of
 * Temporal's own samples (`binary/encrypted`; nonce, ciphertext, tag). What was written before a key was set is read as
 * it is. Ids, search attributes and types stay readable: Temporal works with them.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { DataConverter, Payload, PayloadCodec } from "@temporalio/common";
// CommonJS, whose names Node does not see through.
import proto from "@temporalio/proto";
import { RatchetError } from "../core/errors.ts";

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;
const cipherName = "aes-256-gcm";
const encoding = "binary/encrypted";
/** NIST SP 800-38D: 96 random bits are good for 2^32 payloads under one key. */
const nonceBytes = 12;
const tagBytes = 16;

/** Undefined without keys. Failures' messages and stacks are encrypted too, which the workflow bundle must know of. */
export function encryptingConverter(keys: readonly Buffer[]): DataConverter | undefined {
  if (keys.length === 0) return undefined;
  return { payloadCodecs: [createEncryption(keys)], failureConverterPath };
}

/** Temporal loads it by `require`, here and into the workflow bundle. */
const failureConverterPath = fileURLToPath(new URL("encoded-failures.cjs", import.meta.url));

/**
 * The first key encrypts; each decrypts what it encrypted. Without any, what is encrypted is refused in words; so is
 * sending anything where others encrypt it with the key that `others` names.
 */
export function createEncryption(keys: readonly Buffer[], others?: string): PayloadCodec {
  const byId = new Map(keys.map((key) => [keyIdOf(key), key]));
  const [newest] = keys;
  return {
    encode: async (payloads) => {
      if (newest !== undefined) return payloads.map((payload) => encrypt(newest, payload));
      if (others !== undefined) throw wouldBeReadable(others);
      return payloads;
    },
    decode: async (payloads) => payloads.map((payload) => decrypt(byId, payload)),
  };
}

function encrypt(key: Buffer, payload: Payload): Payload {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(cipherName, key, nonce, { authTagLength: tagBytes });
  const plain = PayloadMessage.encode(payload).finish();
  return {
    metadata: { encoding: Buffer.from(encoding), "encryption-key-id": Buffer.from(keyIdOf(key)) },
    data: Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]),
  };
}

function decrypt(byId: ReadonlyMap<string, Buffer>, payload: Payload): Payload {
  const { metadata, data } = payload;
  if (text(metadata?.encoding) !== encoding) return payload;
  const id = text(metadata?.["encryption-key-id"]);
  const key = byId.get(id);
  if (key === undefined || !data)
    throw new RatchetError(
      "InvalidInput",
      `a payload in Temporal is encrypted with key ${id}, which RATCHET_PAYLOAD_KEY does not hold; ${byId.size === 0 ? "set it to that key" : "add that key after the first"}`,
      { field: "RATCHET_PAYLOAD_KEY", keyId: id },
    );
  const bytes = Buffer.from(data);
  const decipher = createDecipheriv(cipherName, key, bytes.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  const plain = Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]);
  return PayloadMessage.decode(plain);
}

const text = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString("utf8");

function wouldBeReadable(keyId: string): RatchetError {
  return new RatchetError(
    "InvalidInput",
    `this home encrypts what it sends to Temporal with key ${keyId}, and what this command sends would be readable; set RATCHET_PAYLOAD_KEY to that key`,
    { field: "RATCHET_PAYLOAD_KEY", keyId },
  );
}

/** Tells keys apart and gives nothing of them away. */
export const keyIdOf = (key: Buffer) => createHash("sha256").update(key).digest("hex").slice(0, 16);
