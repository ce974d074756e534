/**
 * An environment: one question, the tools that can answer it, and what proves an answer right.
 *
 * Everything a rollout or a gate needs is here or in a content-addressed table, and nothing else is: the environment's
 * identity is the hash of its canonical JSON. `unsolved` and `codes` mirror FTRL's row format (arXiv 2508.08791, App. A);
 * the dependency DAG and the reference calls, which FTRL does not store, are stored.
 */
import { z } from "zod";
import { contentHash } from "../hash.ts";
import type { Json } from "../json.ts";

export const scenarioTypes = [
  "single_hop",
  "parallel_single_hop",
  "multi_hop",
  "parallel_multi_hop",
] as const;
export type ScenarioType = (typeof scenarioTypes)[number];

/** `compact`: at most 500 tokens of prompt. `ftrl`: FTRL's shape, 7-11 tools of about 7 parameters. */
export const profiles = ["compact", "ftrl"] as const;
export type Profile = (typeof profiles)[number];

/** Entities, question wordings and tool names of one split appear in no other. */
export const splits = ["train", "validation", "test"] as const;
export type Split = (typeof splits)[number];

export const jsonSchema: z.ZodType<Json> = z.json() as z.ZodType<Json>;

/** A tool document, OpenAI function style: `parameters` is a JSON Schema of type object. */
export const toolDocumentSchema = z.strictObject({
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
  description: z.string().min(1),
  parameters: z.strictObject({
    type: z.literal("object"),
    properties: z.record(z.string(), z.record(z.string(), jsonSchema)),
    required: z.array(z.string()),
  }),
});
export type ToolDocument = z.infer<typeof toolDocumentSchema>;

export const toolSchema = z.strictObject({
  document: toolDocumentSchema,
  runtime: z.enum(["javascript", "python"]),
  /** Source of one function named as the document: `function NAME({ a, b = 1 }, table)` or `def NAME(table, /, a, b=1)`. */
  code: z.string().min(1),
  /** Content hash of the tool's data table in the set's `tables`; absent for a tool that only computes. */
  table: z.string().optional(),
  /** A distractor owns no sub-answer. */
  distractor: z.boolean(),
});
export type Tool = z.infer<typeof toolSchema>;

const answerTypes = ["string", "number", "date", "list"] as const;

export const subQuestionSchema = z.strictObject({
  id: z.string().regex(/^q\d+$/),
  question: z.string(),
  /** Ids of the sub-questions whose answers this one's arguments need. */
  dependsOn: z.array(z.string()),
  /** The tool that owns the sub-answer. */
  tool: z.string(),
  /** Matched as FTRL does: case-insensitive, each ", "-separated piece a substring of the tool's output text. */
  answer: z.string().min(1),
  answerType: z.enum(answerTypes),
});
export type SubQuestion = z.infer<typeof subQuestionSchema>;

/**
 * A reference argument: a literal, the answer of an earlier sub-question (for a number, its value), or a list or object
 * of such arguments.
 */
export type ReferenceArgument =
  | { readonly value: Json }
  | { readonly from: string }
  | { readonly list: readonly ReferenceArgument[] }
  | { readonly object: { readonly [property: string]: ReferenceArgument } };

const referenceArgumentSchema: z.ZodType<ReferenceArgument> = z.lazy(() =>
  z.union([
    z.strictObject({ value: jsonSchema }),
    z.strictObject({ from: z.string() }),
    z.strictObject({ list: z.array(referenceArgumentSchema) }),
    z.strictObject({ object: z.record(z.string(), referenceArgumentSchema) }),
  ]),
);

export const referenceCallSchema = z.strictObject({
  subQuestion: z.string(),
  tool: z.string(),
  arguments: z.record(z.string(), referenceArgumentSchema),
});
export type ReferenceCall = z.infer<typeof referenceCallSchema>;

/** How the final answer follows from the sub-answers; recomputed by code in the oracle gate. */
export const compositionSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("answer"), of: z.string() }),
  z.strictObject({ kind: z.literal("list"), of: z.array(z.string()) }),
  z.strictObject({ kind: z.literal("argmax"), of: z.array(z.string()), labels: z.array(z.string()) }),
  z.strictObject({ kind: z.literal("argmin"), of: z.array(z.string()), labels: z.array(z.string()) }),
  z.strictObject({ kind: z.literal("sum"), of: z.array(z.string()) }),
  z.strictObject({ kind: z.literal("difference"), of: z.array(z.string()) }),
  z.strictObject({ kind: z.literal("mean"), of: z.array(z.string()) }),
  /** "2 of 5": how many of the values are greater than the threshold. */
  z.strictObject({ kind: z.literal("count_above"), of: z.array(z.string()), threshold: z.number() }),
  /** Between two dates, whichever is the earlier. */
  z.strictObject({ kind: z.literal("days_between"), of: z.array(z.string()).length(2) }),
  z.strictObject({ kind: z.literal("date_after"), of: z.string(), days: z.number().int() }),
  /** Imported without a rule that code could follow; the oracle gate refuses it. */
  z.strictObject({ kind: z.literal("stated") }),
]);
export type Composition = z.infer<typeof compositionSchema>;

const gateVerdictSchema = z.strictObject({
  gate: z.string(),
  version: z.number().int(),
  verdict: z.enum(["pass", "fail"]),
  evidence: z.string(),
});
export type GateVerdict = z.infer<typeof gateVerdictSchema>;

export const environmentSchema = z.strictObject({
  format: z.literal("ratchet.environment.v1"),
  scenario: z.enum(scenarioTypes),
  profile: z.enum(profiles),
  split: z.enum(splits),
  /** The entity the question starts from, e.g. "country:FR"; bootstrap intervals cluster by it. */
  entity: z.string(),
  question: z.string().min(1),
  answer: z.string().min(1),
  composition: compositionSchema,
  subQuestions: z.array(subQuestionSchema).min(1),
  /** In an order that respects the DAG; none where an imported format stores none, which the gates refuse. */
  referenceCalls: z.array(referenceCallSchema),
  tools: z.array(toolSchema).min(1),
  /** Which complexity operations were applied, in order, and at what level. */
  complexity: z.array(z.strictObject({ operation: z.string(), level: z.number() })),
  lineage: z.strictObject({
    author: z.string(),
    authorVersion: z.string(),
    seed: z.number().int(),
    /** Packages the facts come from, as name@version. */
    sources: z.array(z.string()),
  }),
  /** What it was imported from, word for word, so that exporting it again loses nothing. */
  origin: z.strictObject({ format: z.literal("ftrl"), row: z.string() }).optional(),
  gates: z.array(gateVerdictSchema),
});
export type Environment = z.infer<typeof environmentSchema>;

/** Environments with the tables their tools read; the artifact kind is "environment-set". */
export const environmentSetSchema = z.strictObject({
  format: z.literal("ratchet.environment-set.v1"),
  name: z.string(),
  environments: z.array(environmentSchema),
  tables: z.record(z.string(), jsonSchema),
  /** Candidates that failed a gate and could not be repaired: counted, with the reason. */
  quarantined: z.array(z.strictObject({ question: z.string(), gate: z.string(), reason: z.string() })),
});
export type EnvironmentSet = z.infer<typeof environmentSetSchema>;

/** The environment's identity; gate verdicts are evidence about it, not part of it. */
export function environmentHash(environment: Environment): string {
  const { gates: _, ...identity } = environment;
  return contentHash(identity);
}

/** Hashes of the tables that the environments' tools read, in order. */
export const tablesOf = (environments: readonly Environment[]): string[] =>
  [...new Set(environments.flatMap(({ tools }) => tools.flatMap(({ table }) => table ?? [])))].sort();

/** Every sub-answer and the final answer, each once. */
export const answersOf = ({ subQuestions, answer }: Environment): string[] => [
  ...new Set([...subQuestions.map((sub) => sub.answer), answer]),
];

/** FTRL's `unsolved_set`: tool name -> the sub-answers it still owes, in sub-question order. */
export function unsolvedSet(environment: Environment): Record<string, string[]> {
  const unsolved = new Map<string, string[]>();
  for (const { tool, answer } of environment.subQuestions)
    unsolved.set(tool, [...(unsolved.get(tool) ?? []), answer]);
  return Object.fromEntries(unsolved);
}
