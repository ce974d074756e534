import { describe, expect, it } from "vitest";
import { BlockCache, blockKey } from "./block-cache.ts";

/** One layer of `floats` keys and as many values: 8 bytes each. */
const block = (floats: number) => [{ keys: new Float32Array(floats), values: new Float32Array(floats) }];

describe("BlockCache", () => {
  it("drops the blocks used longest ago when the limit is passed", () => {
    const cache = new BlockCache(24);
    for (const key of ["a", "b", "c"]) cache.put("p", key, block(1));
    cache.get("a");
    cache.put("p", "d", block(1));
    expect(["a", "b", "c", "d"].filter((key) => cache.get(key) !== undefined)).toEqual(["a", "c", "d"]);
  });

  it("counts a block once that is put twice", () => {
    const cache = new BlockCache(16);
    cache.put("p", "a", block(1));
    cache.put("p", "a", block(1));
    cache.put("p", "b", block(1));
    expect(cache.get("a")).toBeDefined();
  });

  it("drops the blocks of policies that are gone, and their bytes with them", () => {
    const cache = new BlockCache(16);
    cache.put("p", "a", block(1));
    cache.put("q", "b", block(1));
    cache.keepOnly(["q", "r"]);
    cache.put("r", "c", block(1));
    expect(["a", "b", "c"].filter((key) => cache.get(key) !== undefined)).toEqual(["b", "c"]);
  });

  it("keeps no block larger than its limit", () => {
    const cache = new BlockCache(15);
    cache.put("p", "a", block(2));
    expect(cache.get("a")).toBeUndefined();
  });
});

describe("blockKey", () => {
  it("differs with the policy, with the tokens and with what came before", () => {
    const keys = [
      blockKey("p", [1, 2]),
      blockKey("q", [1, 2]),
      blockKey("p", [2, 1]),
      blockKey(blockKey("p", [1, 2]), [1, 2]),
    ];
    expect(new Set(keys).size).toBe(4);
  });
});
