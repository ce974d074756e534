import { ApplicationFailure, defaultPayloadConverter } from "@temporalio/common";
import {
  decodeArrayFromPayloads,
  decodeOptionalFailureToOptionalError,
  encodeErrorToFailure,
  encodeToPayloads,
  loadDataConverter,
} from "@temporalio/common/lib/internal-non-workflow/index.js";
import { expect, it } from "vitest";
import { createEncryption, encryptingConverter, keyIdOf } from "./payload-encryption.ts";

const old = Buffer.alloc(32, 1);
const current = Buffer.alloc(32, 2);
const input = { policy: "hf:secret-org/secret-model", seeds: [1, 2] };
const payload = defaultPayloadConverter.toPayload(input)!;

it("a payload that is encrypted shows nothing and comes back whole", async () => {
  const codec = createEncryption([current]);
  const [encrypted] = await codec.encode([payload]);
  expect(Buffer.from(encrypted!.data!).includes("secret")).toBe(false);
  expect(Buffer.from(encrypted!.metadata!.encoding!).toString()).toBe("binary/encrypted");
  const [decrypted] = await codec.decode([encrypted!]);
  expect(defaultPayloadConverter.fromPayload(decrypted!)).toEqual(input);
});

it("equal payloads are encrypted differently", async () => {
  const [a, b] = await createEncryption([current]).encode([payload, payload]);
  expect(Buffer.from(a!.data!).equals(Buffer.from(b!.data!))).toBe(false);
});

it("one changed bit is noticed", async () => {
  const codec = createEncryption([current]);
  const [encrypted] = await codec.encode([payload]);
  encrypted!.data![20]! ^= 1;
  await expect(codec.decode([encrypted!])).rejects.toThrow("authenticate");
});

it("an older key still decrypts, and a missing one is named", async () => {
  const [encrypted] = await createEncryption([old]).encode([payload]);
  const [decrypted] = await createEncryption([current, old]).decode([encrypted!]);
  expect(defaultPayloadConverter.fromPayload(decrypted!)).toEqual(input);
  await expect(createEncryption([current]).decode([encrypted!])).rejects.toThrow(
    /^a payload in Temporal is encrypted with key [0-9a-f]{16}, which RATCHET_PAYLOAD_KEY does not hold; add that key after the first$/,
  );
});

it("a process without a key reads what is readable, and says what it lacks of the rest", async () => {
  const none = createEncryption([]);
  expect(await none.encode([payload])).toEqual([payload]);
  expect(await none.decode([payload])).toEqual([payload]);
  const encrypted = await createEncryption([current]).encode([payload]);
  await expect(none.decode(encrypted)).rejects.toThrow(/does not hold; set it to that key$/);
});

it("a process without a key sends nothing readable where the others encrypt", async () => {
  const keyId = keyIdOf(current);
  await expect(createEncryption([], keyId).encode([payload])).rejects.toThrow(
    `this home encrypts what it sends to Temporal with key ${keyId}, and what this command sends would be readable; set RATCHET_PAYLOAD_KEY to that key`,
  );
  const [encrypted] = await createEncryption([current, old], keyId).encode([payload]);
  expect(Buffer.from(encrypted!.data!).includes("secret")).toBe(false);
});

it("a process sends nothing that the others hold no key for", async () => {
  const [keyId, oldId] = [keyIdOf(current), keyIdOf(old)];
  await expect(createEncryption([old], keyId).encode([payload])).rejects.toThrow(
    `this home encrypts what it sends to Temporal with key ${keyId}, and this command with key ${oldId}; put the home's key first in RATCHET_PAYLOAD_KEY`,
  );
  await expect(createEncryption([old], null).encode([payload])).rejects.toThrow(
    `the processes of this home do not encrypt, and could not read what this command encrypts with key ${oldId}; unset RATCHET_PAYLOAD_KEY, or start them with it`,
  );
  expect(await createEncryption([], null).encode([payload])).toEqual([payload]);
});

it("a worker leaves what it cannot decrypt to whoever reads it, who is told why", async () => {
  const [codec] = encryptingConverter([current])!.payloadCodecs!;
  const [foreign] = await createEncryption([old]).encode([payload]);
  const [damaged] = await createEncryption([current]).encode([payload]);
  damaged!.data![20]! ^= 1;
  const [unread, broken, read] = await codec!.decode([
    foreign!,
    damaged!,
    (await codec!.encode([payload]))[0]!,
  ]);
  expect(() => defaultPayloadConverter.fromPayload(unread!)).toThrow(
    new RegExp(
      `Unknown encoding: binary/encrypted .*key ${keyIdOf(old)}, which RATCHET_PAYLOAD_KEY does not`,
    ),
  );
  expect(() => defaultPayloadConverter.fromPayload(broken!)).toThrow(/Unknown encoding: .*authenticate/);
  expect(defaultPayloadConverter.fromPayload(read!)).toEqual(input);
});

it("what was written before there was a key is read as it is", async () => {
  expect(await createEncryption([current]).decode([payload])).toEqual([payload]);
  expect(encryptingConverter([])).toBeUndefined();
});

it("failures hide message and stack, and keep their type", async () => {
  const converter = loadDataConverter(encryptingConverter([current]));
  const failure = await encodeErrorToFailure(
    converter,
    ApplicationFailure.create({ message: "no room at /secret/path", type: "StorageFull" }),
  );
  expect(JSON.stringify(failure)).not.toContain("secret");
  const error = await decodeOptionalFailureToOptionalError(converter, failure);
  expect(error).toMatchObject({ message: "no room at /secret/path", type: "StorageFull" });
  const payloads = await encodeToPayloads(converter, input);
  expect(await decodeArrayFromPayloads(converter, payloads)).toEqual([input]);
});
