/** A person's file of JSON lines, all of it read before any work starts; what is wrong with a line is said with its number. */
import type { z } from "zod";
import { parseInput } from "../core/experiment/parse.ts";
import { parseJson, readText } from "./input-file.ts";

export interface LineKind<T> {
  /** "--rows" */
  readonly option: string;
  readonly schema: z.ZodType<T>;
  /** What a person does next: "give one row of FTRL's data on each line". */
  readonly next: string;
}

/** In the file's order; blank lines are none. Throws InvalidInput. */
export function readJsonLines<T>(path: string, { option, schema, next }: LineKind<T>): T[] {
  return readText(path, option, next)
    .split("\n")
    .flatMap((line, i) => {
      if (line.trim() === "") return [];
      const file = `${option} ${path}`;
      return [parseInput(schema, parseJson(line, file, next, i + 1), `${file} line ${i + 1}`, next)];
    });
}
