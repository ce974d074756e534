import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emptyLike } from "../model/weights.ts";
import { prepareTiny } from "../policies/tiny.ts";
import { Arenas } from "./arenas.ts";
import { LoadedPolicies } from "./loaded-policies.ts";
import type { PolicyLocation } from "./messages.ts";

const folder = mkdtempSync(join(tmpdir(), "ratchet-policies-"));
const at = (name: string) => ({ hash: name, folder: join(folder, name) });
beforeAll(async () => {
  for (const [seed, name] of ["a", "b", "c"].entries()) await prepareTiny(join(folder, name), seed);
});
afterAll(() => rmSync(folder, { recursive: true }));

const digests = { configSha256: "config", weightsSha256: "weights", optimizerSha256: "optimizer" };

/** As an update of policy a leaves them, whose result is called by its digests. */
async function afterUpdate() {
  const arenas = new Arenas();
  const policies = new LoadedPolicies(arenas);
  const made = await policies.take(at("a"));
  const optimizer = { step: 1, m: emptyLike(made), v: emptyLike(made) };
  policies.remember({ ...digests, weights: made, optimizer });
  return { arenas, policies, made, optimizer };
}

describe("LoadedPolicies", () => {
  it("keeps the two used last and reads the others again", async () => {
    const policies = new LoadedPolicies(new Arenas());
    const [a, b] = [await policies.get(at("a")), await policies.get(at("b"))];
    expect(await policies.get(at("a"))).toBe(a);
    await policies.get(at("c"));
    expect(await policies.get(at("a"))).toBe(a);
    expect(await policies.get(at("b"))).not.toBe(b);
  });

  it("reads a small file again that could not be read", async () => {
    const file = join(folder, "c", "generation_config.json");
    const policy = await new LoadedPolicies(new Arenas()).get(at("c"));
    const content = readFileSync(file);
    writeFileSync(file, "{");
    await expect(policy.sampling()).rejects.toThrow("generation_config.json");
    writeFileSync(file, content);
    expect((await policy.sampling()).hash).toBe("c");
  });

  it("reads weights again that were given away to be changed", async () => {
    const policies = new LoadedPolicies(new Arenas());
    const weights = await policies.take(at("a"));
    const before = weights.arena[0];
    weights.arena[0] = 42;
    expect((await policies.get(at("a"))).weights.arena[0]).toBe(before);
  });

  it("gives the memory of a policy that went to the next one, but not before its work is over", async () => {
    const policies = new LoadedPolicies(new Arenas());
    const [a] = [await policies.get(at("a")), await policies.get(at("b"))];
    const c = await policies.get(at("c"));
    expect(c.weights.arena.buffer).not.toBe(a.weights.arena.buffer);
    const [first] = a.weights.arena;
    policies.reclaim();
    const again = await policies.get(at("a"));
    expect(again.weights.arena.buffer).toBe(a.weights.arena.buffer);
    expect(again.weights.arena[0]).toBe(first);
  });

  it("hands on what an update left in memory, each part once, to the policy whose files hold it", async () => {
    const { policies, made, optimizer } = await afterUpdate();
    const next = { hash: "next", folder: join(folder, "a"), ...digests };
    const others = [
      { ...next, hash: "other weights", weightsSha256: "other" },
      { ...next, hash: "other shape", configSha256: "other" },
    ];
    for (const other of others) expect((await policies.get(other)).weights).not.toBe(made);
    expect((await policies.get(next)).weights).toBe(made);
    expect((await policies.get({ ...next, hash: "the same" })).weights.arena).not.toBe(made.arena);
    expect(policies.takeOptimizer(next)).toBe(optimizer);
    expect(policies.takeOptimizer(next)).toBeUndefined();
  });

  it("gives the memory of an update's result to others where another policy goes on", async () => {
    const { arenas, policies, made, optimizer } = await afterUpdate();
    expect(policies.takeOptimizer({ ...at("b"), optimizerSha256: "another" })).toBeUndefined();
    const taken = [1, 2, 3].map(() => arenas.take(made.arena.length));
    expect(new Set(taken)).toEqual(new Set([made.arena, optimizer.m.arena, optimizer.v.arena]));
  });

  it("knows where responses end, by one id or several", async () => {
    const policies = new LoadedPolicies(new Arenas());
    const stopIds = async (location: PolicyLocation) =>
      (await (await policies.get(location)).sampling()).stopIds;
    expect(await stopIds(at("a"))).toEqual([258]);
    const write = (eos: unknown) =>
      writeFileSync(join(folder, "b", "generation_config.json"), JSON.stringify({ eos_token_id: eos }));
    write([258, 256]);
    expect(await stopIds(at("b"))).toEqual([258, 256]);
    write("</s>");
    // An update needs none.
    const without = { ...at("b"), hash: "d" };
    expect((await policies.get(without)).weights.tensors.size).toBeGreaterThan(0);
    await expect(stopIds(without)).rejects.toMatchObject({ type: "ModelUnreadable" });
  });
});
