import { readFileSync } from "node:fs";
import fc from "fast-check";
import { parquetMetadata, parquetSchema } from "hyparquet";
import { describe, expect, it } from "vitest";
import { parquetBytes, parquetRows } from "./parquet.ts";

const thereAndBack = (texts: readonly string[]) => parquetRows(Buffer.from(parquetBytes(texts)), "x.parquet");
const parsed = (texts: readonly string[]) => texts.map((text) => JSON.parse(text) as unknown);

describe("rows in parquet", () => {
  it("come back with every field as it was, whatever it holds", async () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.string({ unit: "binary" }),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    );
    const name = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => text !== "__proto__");
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.dictionary(name, value, { minKeys: 1 }), { minLength: 1, maxLength: 6 }),
        async (rows) => {
          const texts = rows.map((row) => JSON.stringify(row));
          expect(parsed(await thereAndBack(texts))).toEqual(parsed(texts));
        },
      ),
      { numRuns: 200 },
    );
  });

  it("keep whole numbers beyond 2^53, and 0.0 apart from 0", async () => {
    expect(await thereAndBack(['{"a": 9007199254740993, "b": 0.0}', '{"a": -1, "b": 1e300}'])).toEqual([
      '{"a": 9007199254740993, "b": 0.0}',
      '{"a": -1, "b": 1e+300}',
    ]);
  });

  it("keep nested values as they were written, and names that mean something to JavaScript", async () => {
    const rows = [
      '{"a": {"b": 0.0, "__proto__": [9007199254740993]}, "valueOf": -0}',
      '{"a": 1, "valueOf": 1.5}',
    ];
    expect(await thereAndBack(rows)).toEqual([
      '{"a": {"b": 0.0, "__proto__": [9007199254740993]}, "valueOf": -0.0}',
      '{"a": 1, "valueOf": 1.5}',
    ]);
  });

  it("refuse the one column name that cannot be read again", () => {
    expect(() => parquetBytes(['{"__proto__": 1}'])).toThrow("field '__proto__' cannot be a parquet column");
  });

  it("keep a field that is not there apart from one that is null", async () => {
    expect(await thereAndBack(['{"a": null}', '{"b": "x"}'])).toEqual(['{"a": null}', '{"b": "x"}']);
  });

  it("have FTRL's columns as pandas writes them", () => {
    const texts = readFileSync(new URL("../../../tests/fixtures/ftrl_rows.jsonl", import.meta.url), "utf8")
      .trimEnd()
      .split("\n");
    const bytes = parquetBytes(texts);
    const { children } = parquetSchema(parquetMetadata(bytes.buffer as ArrayBuffer));
    expect(
      children.map(({ element: { name, type, converted_type } }) => [name, type ?? converted_type]),
    ).toEqual([
      ["messages", "LIST"],
      ["tools", "BYTE_ARRAY"],
      ["codes", "BYTE_ARRAY"],
      ["unsolved_set", "BYTE_ARRAY"],
      ["solve_rate", "DOUBLE"],
      ["data_source", "BYTE_ARRAY"],
      ["split", "BYTE_ARRAY"],
      ["answer", "BYTE_ARRAY"],
    ]);
  });

  it("are refused where the bytes are no parquet", async () => {
    await expect(parquetRows(Buffer.from("no parquet at all"), "x.parquet")).rejects.toThrow(
      "FILE x.parquet is no parquet file that can be read",
    );
  });
});
