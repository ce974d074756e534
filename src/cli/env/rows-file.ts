/** A file of rows, each as its own JSON text: JSON lines as they are, parquet by way of `parquet.ts`. */
import { writeFileSync } from "node:fs";
import { decodeText, readBytes } from "../input-file.ts";
import { writing } from "../writing.ts";

const isParquet = (path: string) => path.endsWith(".parquet");

export interface FileRow {
  readonly text: string;
  /** "FILE line 3", or "FILE row 3". */
  readonly where: string;
}

export interface FileRows {
  readonly rows: readonly FileRow[];
  /** Lines of nothing, which are no rows: an export does not have them. */
  readonly blankLines: number;
}

/** Throws InvalidInput where the file cannot be read. */
export async function readRows(path: string): Promise<FileRows> {
  const bytes = readBytes(path, "FILE", "give a .jsonl or .parquet file of rows");
  if (isParquet(path)) {
    // The library takes a moment to load, which JSON lines need not pay for.
    const { parquetRows } = await import("./parquet.ts");
    const texts = await parquetRows(bytes, path);
    return { rows: texts.map((text, i) => ({ text, where: `${path} row ${i + 1}` })), blankLines: 0 };
  }
  // A carriage return is white space in JSON and stays with its row, which therefore goes back as it came.
  const lines = decodeText(bytes, "FILE", path)
    .split("\n")
    .map((text, i) => ({ text, where: `${path} line ${i + 1}` }));
  if (lines.at(-1)!.text === "") lines.pop(); // what follows the last line feed is no line
  const rows = lines.filter(({ text }) => text.trim() !== "");
  return { rows, blankLines: lines.length - rows.length };
}

export async function writeRows(path: string, texts: readonly string[]): Promise<void> {
  const bytes = isParquet(path)
    ? (await import("./parquet.ts")).parquetBytes(texts)
    : Buffer.from(texts.map((text) => `${text}\n`).join(""));
  writing("--out", path, () => writeFileSync(path, bytes));
}
