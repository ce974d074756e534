/** What a script is called with. */
import { parseArgs } from "node:util";
import { wholeNumber } from "../src/cli/whole-number.ts";

/** What an option is where it is left out: a flag is false, and one without a default undefined. */
type Defaults = Readonly<Record<string, number | string | false | undefined>>;
type Given<D extends Defaults> = {
  [K in keyof D]: D[K] extends number
    ? number
    : D[K] extends false
      ? boolean
      : D[K] extends string
        ? string
        : string | undefined;
};

/** `--help` prints the options and ends; one that is none of them, and a count that is none, ends in one line (exit 2). */
export function optionsOf<D extends Defaults>(script: string, defaults: D): Given<D> {
  try {
    const values = parsed(defaults);
    if (values.help === true) {
      process.stdout.write(`${usageOf(script, defaults)}\n`);
      process.exit(0);
    }
    return Object.fromEntries(
      Object.entries(defaults).map(([name, fallback]) => [name, asWanted(name, values[name], fallback)]),
    ) as Given<D>;
  } catch (error) {
    return refuse(script, (error as Error).message.split(". ")[0]!);
  }
}

export function refuse(script: string, why: string): never {
  process.stderr.write(`${script}: ${why}; npm run ${script} -- --help lists the options\n`);
  process.exit(2);
}

const parsed = (defaults: Defaults): { readonly help?: unknown } & Record<string, unknown> =>
  parseArgs({
    options: Object.fromEntries(
      Object.entries({ ...defaults, help: false }).map(([name, fallback]) => [
        name,
        { type: fallback === false ? ("boolean" as const) : ("string" as const) },
      ]),
    ),
  }).values;

function asWanted(name: string, given: unknown, fallback: Defaults[string]) {
  if (given === undefined || typeof fallback !== "number") return given ?? fallback;
  return wholeNumber(`--${name}`, Math.min(fallback, 1), 1e9)(String(given));
}

function usageOf(script: string, defaults: Defaults): string {
  const parts = Object.entries(defaults).map(([name, fallback]) =>
    fallback === false ? `[--${name}]` : `[--${name} ${fallback ?? name.toUpperCase()}]`,
  );
  return `npm run ${script} -- ${parts.join(" ")}`;
}
