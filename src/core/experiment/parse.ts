/** Reads what a person wrote against a schema, and says in few lines what is wrong with it. */
import type { z } from "zod";
import { RatchetError } from "../errors.ts";
import { canonicalJson, nestsDeeper } from "../json.ts";

const correctField =
  "correct the field and start again; docs/inputs.md lists every field with its default and limits";

/** Parses, or throws InvalidInput in at most three lines that name field, value and limit. */
export function parseInput<T>(schema: z.ZodType<T>, value: unknown, what: string, next = correctField): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw refusal(value, parsed.error.issues, what, next);
}

/** Far deeper than anything that is read here; what is deeper still has no text. */
const deepestNesting = 100;

function refusal(
  value: unknown,
  issues: readonly z.core.$ZodIssue[],
  what: string,
  next: string,
): RatchetError {
  const issue = deepest(issues[0]!);
  const field = issue.path.join(".") || "(top level)";
  const given = valueAt(value, issue.path);
  const more = issues.reduce(
    (sum, one) => sum + (one.code === "unrecognized_keys" ? one.keys.length : 1),
    -1,
  );
  return new RatchetError(
    "InvalidInput",
    `${what}: field '${field}'${given === undefined ? "" : ` = ${shorten(given)}`}: ${issue.message}${more > 0 ? ` (and ${more} more)` : ""}\n${next}`,
    { what, field, value: given },
  );
}

/**
 * The same of what starts a run, whose texts go into Postgres and Temporal: those that one of them cannot hold are refused
 * before any work starts. `accepted` is the run's input as it is stored: what that has too is kept as it is, by whichever
 * rules it was accepted.
 */
export function parseRunInput<T>(schema: z.ZodType<T>, value: unknown, what: string, accepted?: unknown): T {
  if (nestsDeeper(value, deepestNesting))
    throw new RatchetError(
      "InvalidInput",
      `${what}: it is nested more than ${deepestNesting} deep\n${correctField}`,
      { what },
    );
  const parsed = schema.safeParse(value);
  const broken = accepted === undefined ? undefined : schema.safeParse(accepted).error;
  const kept = new Set(broken?.issues.map((issue) => told(issue, accepted)));
  const issues = (parsed.error?.issues ?? []).filter((issue) => !kept.has(told(issue, value)));
  if (issues.length > 0) throw refusal(value, issues, what, correctField);
  const lost = accepted === undefined ? namedProto(value, []) : undefined;
  if (lost !== undefined)
    throw refusal(
      value,
      [{ code: "custom", path: lost, message: namesNothing, input: undefined }],
      what,
      correctField,
    );
  const input = parsed.success ? parsed.data : (value as T);
  const odd = oddText(input, accepted, []);
  if (odd === undefined) return input;
  const field = odd.path.join(".");
  throw new RatchetError(
    "InvalidInput",
    `${what}: field '${field}' = ${shorten(odd.text)}: ${odd.problem}; take it out\n${correctField}`,
    { what, field, value: odd.text },
  );
}

/** A field, its value and what is wrong with it. */
function told(issue: z.core.$ZodIssue, value: unknown): string {
  const { path, message } = deepest(issue);
  return canonicalJson([path.map(String), message, valueAt(value, path)]);
}

const namesNothing = "nothing may have this name; give it another one";

/** A member named `__proto__`, which a record's schema drops without a word. */
function namedProto(value: unknown, path: readonly string[]): string[] | undefined {
  if (value === null || typeof value !== "object") return undefined;
  if (Object.hasOwn(value, "__proto__")) return [...path, "__proto__"];
  for (const [name, member] of Object.entries(value)) {
    const found = namedProto(member, [...path, name]);
    if (found !== undefined) return found;
  }
  return undefined;
}

interface OddText {
  readonly path: readonly string[];
  readonly text: string;
  readonly problem: string;
}

/** The first text with a character that is none, and that was not accepted in that place. */
function oddText(value: unknown, accepted: unknown, path: readonly string[]): OddText | undefined {
  if (typeof value === "string") {
    if (value === accepted) return undefined;
    if (value.includes("\0"))
      return { path, text: value, problem: "holds U+0000, which no text in Postgres can hold" };
    if (/\p{Surrogate}/u.test(value))
      return { path, text: value, problem: "holds half of a surrogate pair, which is no character" };
    return undefined;
  }
  if (value === null || typeof value !== "object") return undefined;
  for (const [name, member] of Object.entries(value)) {
    const odd = oddText(member, valueAt(accepted, [name]), [...path, name]);
    if (odd !== undefined) return odd;
  }
  return undefined;
}

/**
 * A union's own message says nothing; the branch that got furthest into the value names the field. Nor does that of a name
 * in a record, whose rule does.
 */
function deepest(issue: z.core.$ZodIssue): { path: PropertyKey[]; message: string } {
  if (issue.code === "invalid_key")
    return { path: issue.path, message: `its name ${issue.issues[0]?.message ?? issue.message}` };
  if (issue.code === "unrecognized_keys")
    return { path: [...issue.path, issue.keys[0]!], message: "there is no such field" };
  if (issue.code !== "invalid_union") return issue;
  const inner = issue.errors.flat().map(deepest);
  const best = inner.sort((a, b) => b.path.length - a.path.length)[0];
  return best ? { path: [...issue.path, ...best.path], message: best.message } : issue;
}

/** Of a place within a text that is JSON itself, the text. */
function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === "string" ? at : (at as Record<PropertyKey, unknown> | null | undefined)?.[key],
    value,
  );
}

function shorten(value: unknown): string {
  const text = nestsDeeper(value, deepestNesting) ? "(nested)" : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
