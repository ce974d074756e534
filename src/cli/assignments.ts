/** NAME=VALUE arguments as an object; a value is JSON where it is JSON, and text otherwise. */
import { RatchetError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";

/** Throws InvalidInput naming the argument that is none, or that names again what one before it named. */
export function readAssignments(given: readonly string[], field: string): Record<string, Json> {
  const names = new Set<string>();
  return Object.fromEntries(
    given.map((argument) => {
      const at = argument.indexOf("=");
      if (at < 1 || at === argument.length - 1)
        throw new RatchetError(
          "InvalidInput",
          `${field} "${argument}": expected a name and a value, for example learningRate=1e-5`,
          { field, value: argument },
        );
      const name = argument.slice(0, at);
      if (names.has(name))
        throw new RatchetError(
          "InvalidInput",
          `${field} "${argument}": '${name}' is given twice; leave one out`,
          { field, value: argument },
        );
      names.add(name);
      return [name, readValue(argument.slice(at + 1))];
    }),
  );
}

function readValue(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
