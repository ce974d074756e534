import { describe, expect, it } from "vitest";
import { artifactsIn } from "./named-artifacts.ts";

describe("the artifacts that a result names", () => {
  it("are found in members and lists, in their order", () => {
    const set = { kind: "environment-set", hash: "a".repeat(64), bytes: 7 };
    const shard = { kind: "shard", hash: "b".repeat(64), bytes: 9 };
    expect(artifactsIn({ set, accepted: 16, shards: [shard, null, "text"] })).toEqual([set, shard]);
    expect(artifactsIn("text")).toEqual([]);
    expect(artifactsIn({ kind: "sft", hash: "short", bytes: 1 })).toEqual([]);
  });
});
