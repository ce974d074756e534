import { readFileSync } from "node:fs";
import fc from "fast-check";
import { parquetMetadata, parquetSchema } from "hyparquet";
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { parquetBytes, parquetRows } from "./parquet.ts";

const thereAndBack = (texts: readonly string[]) => parquetRows(Buffer.from(parquetBytes(texts)), "x.parquet");
const read = (column: ColumnSource) =>
  parquetRows(Buffer.from(parquetWriteBuffer({ columnData: [column] })), "x.parquet");
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

  it("keep what is no finite number, as Python writes it", async () => {
    const rows = ['{"a": NaN, "b": [Infinity, 1]}', '{"a": -Infinity, "b": [NaN]}', '{"a": 0.5, "b": []}'];
    expect(await thereAndBack(rows)).toEqual(rows);
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

  it("refuse column names that cannot be read again", () => {
    for (const name of ["__proto__", "\ufeffid", "\ud800"])
      expect(() => parquetBytes([JSON.stringify({ [name]: 1 })])).toThrow("cannot be a parquet column");
  });

  it("keep a byte order mark that a text begins with, also where texts repeat or are members of lists", async () => {
    const rows = Array.from({ length: 40 }, (_, i) => ({
      a: `\ufeff${i % 2}`,
      messages: [{ role: "user", content: "\ufeffHello" }],
    }));
    const texts = rows.map((row) => JSON.stringify(row));
    expect(parsed(await thereAndBack(texts))).toEqual(rows);
  });

  it("refuse bytes that are no UTF-8, by file, row and column", async () => {
    const data = [Buffer.from("Quito"), Buffer.from([0x51, 0xff, 0xfe])];
    await expect(read({ name: "city", type: "BYTE_ARRAY", data })).rejects.toThrow(
      "FILE x.parquet row 2: field 'city' is not UTF-8; write the column as UTF-8",
    );
  });

  it("give JSON columns back as they were written, on one line", async () => {
    const data = [{ a: 1 }];
    expect(await read({ name: "more", type: "JSON", data })).toEqual(['{"more": {"a":1}}']);
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
