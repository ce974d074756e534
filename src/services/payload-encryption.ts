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

/**
 * A worker's; undefined without keys. What it cannot decrypt it leaves to whoever reads it: a signal's payload, which nobody
 * need read, would fail each of the workflow's tasks. Failures' messages and stacks are encrypted too, which the workflow
 * bundle must know of.
 */
export function encryptingConverter(keys: readonly Buffer[]): DataConverter | undefined {
  if (keys.length === 0) return undefined;
  const codec = createEncryption(keys);
  const orUnread = (payload: Payload) =>
    codec.decode([payload]).then(
      ([read]) => read!,
      (error: Error) => unread(payload, error),
    );
  return {
    payloadCodecs: [{ ...codec, decode: (payloads) => Promise.all(payloads.map(orUnread)) }],
    failureConverterPath,
  };
}

/** A command's: what it lacks the key for is refused in words, and nothing is sent that the `others` could not read. */
export function commandConverter(keys: readonly Buffer[], others: Others): DataConverter {
  const payloadCodecs = [createEncryption(keys, others)];
  return keys.length === 0 ? { payloadCodecs } : { payloadCodecs, failureConverterPath };
}

/** Who reads it is told why by Temporal's own "Unknown encoding: ...". */
const unread = (payload: Payload, { message }: Error): Payload => ({
  ...payload,
  metadata: { ...payload.metadata, encoding: Buffer.from(`${encoding} (${message})`) },
});

/** Temporal loads it by `require`, here and into the workflow bundle. */
const failureConverterPath = fileURLToPath(new URL("encoded-failures.cjs", import.meta.url));

/** The key that the processes of the home encrypt with; null where they do not, undefined where that is not known. */
export type Others = string | null | undefined;

/**
 * The first key encrypts; each decrypts what it encrypted. Without any, what is encrypted is refused in words; so is
 * sending anything where others encrypt with another key, or one does and the other does not.
 */
export function createEncryption(keys: readonly Buffer[], others?: Others): PayloadCodec {
  const byId = new Map(keys.map((key) => [keyIdOf(key), key]));
  const [newest] = keys;
  return {
    encode: async (payloads) => {
      const own = newest === undefined ? null : keyIdOf(newest);
      if (others !== undefined && own !== others) throw otherKey(own, others);
      return newest === undefined ? payloads : payloads.map((payload) => encrypt(newest, payload));
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

function otherKey(own: string | null, others: string | null): RatchetError {
  const why =
    others === null
      ? `the processes of this home do not encrypt, and could not read what this command encrypts with key ${own}; unset RATCHET_PAYLOAD_KEY, or start them with it: npx ratchet down, then npx ratchet up`
      : own === null
        ? `this home encrypts what it sends to Temporal with key ${others}, and what this command sends would be readable; set RATCHET_PAYLOAD_KEY to that key`
        : `this home encrypts what it sends to Temporal with key ${others}, and this command with key ${own}; put the home's key first in RATCHET_PAYLOAD_KEY`;
  return new RatchetError("InvalidInput", why, { field: "RATCHET_PAYLOAD_KEY", keyId: own ?? others });
}

/** Tells keys apart and gives nothing of them away. */
export const keyIdOf = (key: Buffer) => createHash("sha256").update(key).digest("hex").slice(0, 16);
