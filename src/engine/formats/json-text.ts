/**
 * JSON of a model's files. What is nested without end is refused before it is parsed: JSON.parse takes dozens of bytes for each
 * level of a text that may have 100 MB, and what it makes of it cannot be written again without a stack as deep.
 */
import { readFile } from "node:fs/promises";
import { storageFailure } from "../../core/storage-failure.ts";
import { unreadable } from "./unreadable.ts";

/** Headers have 3 levels, tokenizers and configurations fewer than 10. */
const mostLevels = 64;

/** Throws SyntaxError. */
export function parseJson(text: string): unknown {
  if (isNestedDeep(text)) throw new SyntaxError(`it is nested more than ${mostLevels} deep`);
  return JSON.parse(text);
}

/** Throws ModelUnreadable naming the file. */
export async function readJson(file: string): Promise<unknown> {
  try {
    return parseJson(await readFile(file, "utf8"));
  } catch (cause) {
    // Of the disk, and not of what is written there.
    const failure = storageFailure(cause, `read ${file}`);
    if (failure !== cause) throw failure;
    throw unreadable(file, (cause as Error).message, {}, cause);
  }
}

/** Of a text that is no JSON either answer may be given. */
function isNestedDeep(text: string): boolean {
  let levels = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const mark = text.charCodeAt(at);
    if (inString) {
      if (mark === backslash) at++;
      else if (mark === quote) inString = false;
    } else if (mark === quote) inString = true;
    else if (mark === openList || mark === openObject) {
      if (++levels > mostLevels) return true;
    } else if (mark === closeList || mark === closeObject) levels--;
  }
  return false;
}

const [quote, backslash] = ['"', "\\"].map((mark) => mark.charCodeAt(0));
const [openList, closeList, openObject, closeObject] = ["[", "]", "{", "}"].map((mark) => mark.charCodeAt(0));
