import { describe, expect, it } from "vitest";
import { parseJson } from "./json-text.ts";

const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);

describe("JSON of a model's files", () => {
  it("is read where it is nested as far as such files are", () => {
    expect(parseJson(`{"a": ${nested(63)}, "b": ${nested(63)}}`)).toHaveProperty("b");
    expect(parseJson(JSON.stringify({ "[": '"[\\"{{{'.repeat(50) }))).toEqual({ "[": '"[\\"{{{'.repeat(50) });
  });

  it("is refused unread where it is nested deeper, closed or not", () => {
    for (const text of [nested(65), `{"a": ${nested(64)}}`, "[".repeat(5e6), `[${'{"a":'.repeat(64)}`])
      expect(() => parseJson(text)).toThrow("it is nested more than 64 deep");
    expect(() => parseJson("[[")).toThrow("Unexpected end of JSON input");
  });
});
