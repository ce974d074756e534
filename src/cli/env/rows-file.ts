/** A file of rows, each as its own JSON text: JSON lines as they are, parquet by way of `parquet.ts`. */
import { readFileSync, writeFileSync } from "node:fs";
import { RatchetError } from "../../core/errors.ts";

const isParquet = (path: string) => path.endsWith(".parquet");

export interface FileRow {
  readonly text: string;
  /** "FILE line 3", or "FILE row 3". */
  readonly where: string;
}

/** Throws InvalidInput where the file cannot be read. */
export async function readRows(path: string): Promise<FileRow[]> {
  const bytes = readBytes(path);
  if (isParquet(path)) {
    // The library takes a moment to load, which JSON lines need not pay for.
    const { parquetRows } = await import("./parquet.ts");
    const texts = await parquetRows(bytes, path);
    return texts.map((text, i) => ({ text, where: `${path} row ${i + 1}` }));
  }
  return bytes
    .toString("utf8")
    .split("\n")
    .map((line, i) => ({
      text: line.endsWith("\r") ? line.slice(0, -1) : line,
      where: `${path} line ${i + 1}`,
    }))
    .filter(({ text }) => text.trim() !== "");
}

export async function writeRows(path: string, texts: readonly string[]): Promise<void> {
  const bytes = isParquet(path)
    ? (await import("./parquet.ts")).parquetBytes(texts)
    : Buffer.from(texts.map((text) => `${text}\n`).join(""));
  try {
    writeFileSync(path, bytes);
  } catch (error) {
    throw new RatchetError(
      "InvalidInput",
      `--out ${path} cannot be written (${(error as NodeJS.ErrnoException).code}); name another file`,
      { field: "--out", value: path },
      error,
    );
  }
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new RatchetError(
      "InvalidInput",
      `FILE ${path} cannot be read (${(error as NodeJS.ErrnoException).code}); give a .jsonl or .parquet file of rows`,
      { field: "FILE", value: path },
      error,
    );
  }
}
