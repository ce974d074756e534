/**
 * One environment as one file that a person can write: tables by a name of one's own, everything that follows from the
 * rest left out. Reading gives an environment and its content-addressed tables; writing gives a file that reads the same.
 */
import { z } from "zod";
import {
  compositionSchema,
  type Environment,
  environmentSchema,
  jsonSchema,
  profiles,
  referenceCallSchema,
  scenarioTypes,
  splits,
  subQuestionSchema,
  tablesOf,
  toolSchema,
} from "../environment/environment.ts";
import { tableOf } from "../environment/program.ts";
import { scenarioOf } from "../environment/scenario.ts";
import { RatchetError } from "../errors.ts";
import { parseInput } from "../experiment/parse.ts";
import type { Case } from "../gates/gate.ts";
import { contentHash } from "../hash.ts";
import { type Json, ownMember } from "../json.ts";

const byHand = { author: "hand", authorVersion: "1", seed: 0, sources: [] };

const environmentFileSchema = z.strictObject({
  format: z.literal("ratchet.environment-file.v1"),
  question: z.string().min(1),
  answer: z.string().min(1),
  subQuestions: z
    .array(
      subQuestionSchema.extend({
        question: z.string().default(""),
        dependsOn: z.array(z.string()).default([]),
        answerType: subQuestionSchema.shape.answerType.default("string"),
      }),
    )
    .min(1),
  /** `tool` is the sub-question's by default. */
  referenceCalls: z.array(referenceCallSchema.extend({ tool: z.string().optional() })).default([]),
  tools: z
    .array(
      toolSchema.extend({
        runtime: toolSchema.shape.runtime.default("javascript"),
        /** Or its lines, which are easier to write in JSON. */
        code: z.union([toolSchema.shape.code, z.array(z.string()).min(1)]),
        /** A name in `tables`. */
        table: z.string().optional(),
        /** By default a tool that no sub-question names. */
        distractor: z.boolean().optional(),
      }),
    )
    .min(1),
  tables: z.record(z.string(), jsonSchema).default({}),
  /** The last sub-question's answer by default. */
  composition: compositionSchema.optional(),
  /** What the shape of the DAG says by default. */
  scenario: z.enum(scenarioTypes).optional(),
  profile: z.enum(profiles).default("compact"),
  split: z.enum(splits).default("test"),
  /** The question itself by default: a cluster of its own. */
  entity: z.string().optional(),
  complexity: environmentSchema.shape.complexity.default([]),
  lineage: environmentSchema.shape.lineage.default(byHand),
  origin: environmentSchema.shape.origin,
  gates: environmentSchema.shape.gates.default([]),
});
/** As a person writes it. */
export type EnvironmentFile = z.input<typeof environmentFileSchema>;

/** Throws InvalidInput that names the field; `what` says which file. */
export function readEnvironmentFile(value: unknown, what: string): Case {
  try {
    return readFile(value, what);
  } catch (error) {
    // Reading calls itself for what stands within something, and the stack has an end.
    if (!(error instanceof RangeError && error.message.includes("call stack"))) throw error;
    throw new RatchetError(
      "InvalidInput",
      `${what}: is nested too deeply to be read, or holds itself; write out what a table holds, a few levels deep`,
      { what },
      error,
    );
  }
}

function readFile(value: unknown, what: string): Case {
  const file = parseInput(
    environmentFileSchema,
    value,
    what,
    "docs/environments-access.md lists every field; examples/environment.json is a whole file",
  );
  const hashes = Object.fromEntries(
    Object.entries(file.tables).map(([name, table]) => [name, contentHash(table)]),
  );
  const ownerOf = (id: string) => file.subQuestions.find((sub) => sub.id === id)?.tool ?? "";
  const { format: _, tables, ...rest } = file;
  const environment: Environment = {
    ...withoutOrigin(rest),
    format: "ratchet.environment.v1",
    scenario: file.scenario ?? scenarioOf(file.subQuestions),
    entity: file.entity ?? `question:${contentHash(file.question).slice(0, 12)}`,
    composition: file.composition ?? { kind: "answer", of: file.subQuestions.at(-1)!.id },
    referenceCalls: file.referenceCalls.map((call) => ({
      ...call,
      tool: call.tool ?? ownerOf(call.subQuestion),
    })),
    tools: file.tools.map(({ table, distractor, code, ...tool }) => ({
      ...tool,
      code: typeof code === "string" ? code : code.join("\n"),
      // A name without a table stays as it is, for the documents gate to refuse.
      ...(table === undefined ? {} : { table: ownMember(hashes, table) ?? table }),
      distractor: distractor ?? !file.subQuestions.some((sub) => sub.tool === tool.document.name),
    })),
  };
  return {
    environment,
    tables: Object.fromEntries(Object.entries(tables).map(([name, table]) => [hashes[name]!, table])),
  };
}

/** Tables go by their hashes; those of other environments are left out. */
export function environmentFileOf({ environment, tables }: Case): EnvironmentFile {
  return {
    ...environment,
    format: "ratchet.environment-file.v1",
    tools: environment.tools,
    tables: Object.fromEntries(
      tablesOf([environment]).flatMap((table): [string, Json][] => {
        const data = tableOf({ table }, tables);
        return data === undefined ? [] : [[table, data]];
      }),
    ),
  };
}

function withoutOrigin<T extends { origin?: Environment["origin"] | undefined }>({ origin, ...rest }: T) {
  return { ...rest, ...(origin === undefined ? {} : { origin }) };
}
