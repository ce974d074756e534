/** A person's JSON file, read before any work starts; what is wrong with it is said with its line. */
import { readFileSync } from "node:fs";
import { RatchetError } from "../core/errors.ts";

/** Throws InvalidInput where the file is missing or no JSON; the caller parses the shape. */
export function readInputFile(path: string, option: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : (error as Error).message;
    throw new RatchetError(
      "InvalidInput",
      `${option} ${path}: ${reason}; give the path of a JSON file, for example temporal/examples/tiny.json`,
      { field: option, value: path },
      error,
    );
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const { line, column } = placeOf((error as Error).message, text);
    throw new RatchetError(
      "InvalidInput",
      `${option} ${path}: invalid JSON at line ${line}, column ${column}: ${shownLine(text, line)}`,
      { field: option, value: path, line, column },
      error,
    );
  }
}

/** V8 names the position it gave up at, but for a text that ends too early. */
function placeOf(message: string, text: string): { line: number; column: number } {
  const position = /at position (\d+)/.exec(message)?.[1];
  const before = text.slice(0, position === undefined ? text.length : Number(position));
  const lines = before.split("\n");
  return { line: lines.length, column: (lines.at(-1) ?? "").length + 1 };
}

function shownLine(text: string, line: number): string {
  return JSON.stringify((text.split("\n")[line - 1] ?? "").trim().slice(0, 80));
}
