import { describe, expect, it } from "vitest";
import { repeatedKey } from "./repeated-key.ts";

describe("a key that is there twice", () => {
  it.each([
    ['{"a":1,"b":2,"a":3}', "a"],
    ['{"w":{"shape":[1],"shape":[2]}}', "shape"],
    // Written in two ways, the same key.
    ['{"a":1, "\\u0061" : 2}', "a"],
  ])("is found in %s", (json, key) => {
    expect(repeatedKey(json)).toBe(key);
  });

  it.each([
    "{}",
    '{"a":"a","b":["a","a"]}',
    '{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}',
    '{"a\\"":1,"a":"{\\"a\\": 1}"}',
  ])("is not in %s", (json) => {
    expect(repeatedKey(json)).toBeUndefined();
  });
});
