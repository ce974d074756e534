/** Reads what a person wrote against a schema, and says in few lines what is wrong with it. */
import type { z } from "zod";
import { RatchetError } from "../errors.ts";

/** Parses, or throws InvalidInput in at most three lines that name field, value and limit. */
export function parseInput<T>(
  schema: z.ZodType<T>,
  value: unknown,
  what: string,
  next = "correct the field and start again; docs/inputs.md lists every field with its default and limits",
): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [first, ...rest] = parsed.error.issues;
  const issue = deepest(first!);
  const field = issue.path.join(".") || "(top level)";
  const given = valueAt(value, issue.path);
  const more = rest.length > 0 ? ` (and ${rest.length} more)` : "";
  throw new RatchetError(
    "InvalidInput",
    `${what}: field '${field}'${given === undefined ? "" : ` = ${shorten(given)}`}: ${issue.message}${more}\n${next}`,
    { what, field, value: given },
  );
}

/** A union's own message says nothing; the branch that got furthest into the value names the field. */
function deepest(issue: z.core.$ZodIssue): { path: PropertyKey[]; message: string } {
  if (issue.code !== "invalid_union") return issue;
  const inner = issue.errors.flat().map(deepest);
  const best = inner.sort((a, b) => b.path.length - a.path.length)[0];
  return best ? { path: [...issue.path, ...best.path], message: best.message } : issue;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
