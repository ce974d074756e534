/** A person's JSON file, read before any work starts; what is wrong with it is said with its line. */
import { readFileSync } from "node:fs";
import { RatchetError } from "../core/errors.ts";
import { repeatedName } from "./repeated-name.ts";

/** Throws InvalidInput where the file is missing, no JSON, or says something twice; the caller parses the shape. */
export function readInputFile(path: string, option: string): unknown {
  const text = readText(
    path,
    option,
    "give the path of a JSON file, for example temporal/examples/tiny.json",
  );
  const value = parseJson(text, `${option} ${path}`, "correct the file there");
  const field = repeatedName(text);
  if (field === undefined) return value;
  throw new RatchetError(
    "InvalidInput",
    `${option} ${path}: field '${field}' is there twice, and only one of them can count; take one out or name it otherwise`,
    { field, file: path },
  );
}

/** Throws InvalidInput where it cannot be read. */
export function readText(path: string, option: string, next: string): string {
  return decodeText(readBytes(path, option, next), option, path);
}

/**
 * Without the byte order mark that some editors begin a file with. Throws InvalidInput for bytes that would be lost, and for
 * more of them than one text holds (512 MiB).
 */
export function decodeText(bytes: Uint8Array, option: string, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    const isTooLong = (error as NodeJS.ErrnoException).code === "ERR_STRING_TOO_LONG";
    const problem = isTooLong
      ? `has ${bytes.length} bytes, more than are read at once; split it`
      : "is not UTF-8; save it as UTF-8";
    throw new RatchetError(
      "InvalidInput",
      `${option} ${path} ${problem}`,
      { field: option, value: path },
      error,
    );
  }
}

/** Throws InvalidInput where it cannot be read. */
export function readBytes(path: string, option: string, next: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = { ENOENT: "there is no such file", EISDIR: "it is a folder" }[code ?? ""] ?? message;
    throw new RatchetError(
      "InvalidInput",
      `${option} ${path}: ${reason}; ${next}`,
      { field: option, value: path },
      error,
    );
  }
}

/** `what` names the file that the text begins in at a line. Throws InvalidInput with the place where it stops being JSON. */
export function parseJson(text: string, what: string, next: string, firstLine = 1): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { line, column } = placeOf((error as Error).message, text);
    const ofFile = firstLine + line - 1;
    throw new RatchetError(
      "InvalidInput",
      `${what}: invalid JSON at line ${ofFile}, column ${column}: ${shownLine(text, line)}; ${next}`,
      { what, line: ofFile, column },
      error,
    );
  }
}

function placeOf(message: string, text: string): { line: number; column: number } {
  const lines = text.slice(0, offsetOf(message, text)).split("\n");
  return { line: lines.length, column: (lines.at(-1) ?? "").length + 1 };
}

/** V8 names the offset it gave up at, but for a text that ends too early and for some unexpected tokens. */
function offsetOf(message: string, text: string): number {
  const named = /at position (\d+)/.exec(message)?.[1];
  if (named !== undefined) return Number(named);
  if (!isUnexpectedToken(message)) return text.length;
  // Beginnings of the text that end before the token are only cut short; the first that is worse ends with it.
  let tooShort = 0;
  let bad = text.length;
  while (bad - tooShort > 1) {
    const middle = (tooShort + bad) >> 1;
    if (isUnexpectedToken(parseError(text.slice(0, middle)))) bad = middle;
    else tooShort = middle;
  }
  return bad - 1;
}

const isUnexpectedToken = (message: string) => message.startsWith("Unexpected token");

function parseError(text: string): string {
  try {
    JSON.parse(text);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

function shownLine(text: string, line: number): string {
  return JSON.stringify((text.split("\n")[line - 1] ?? "").trim().slice(0, 80));
}
