/**
 * FTRL's row format (bytedance/FTRL, train.jsonl and test.jsonl) to environments. A row is kept word for word beside what
 * is read of it, so that exporting it (ftrl-export.ts) loses nothing, whatever fields the row has.
 *
 * A row names the tool that owns each sub-answer and nothing else of the decomposition: no sub-questions in words, no
 * DAG, no reference calls, no rule that makes the final answer. None of these is guessed.
 */
import { z } from "zod";
import {
  type Environment,
  jsonSchema,
  type ScenarioType,
  scenarioTypes,
  splits,
  type Tool,
  toolDocumentSchema,
} from "../environment/environment.ts";
import { promptMessages } from "../environment/prompt.ts";
import { RatchetError } from "../errors.ts";
import { contentHash } from "../hash.ts";
import { nested } from "../reward/ftrl-row.ts";
import { readJson } from "../trajectory/json-source.ts";

/** What stands before the question in FTRL's own rows; others may have the bare question. */
export const instruction = promptMessages({ profile: "ftrl", question: "" })[0]!.content;

/** Of the message that asks: the first that has it. */
export const askingRole = "user";

const functionSchema = z.object({
  name: z
    .string()
    .refine(
      (name) => toolDocumentSchema.shape.name.safeParse(name).success,
      "is no tool's name: letters, digits, '_' and '-' alone, 64 at most, as a name with a dot or a blank is no Python function's; rename the tool in tools, codes and unsolved_set",
    ),
  description: toolDocumentSchema.shape.description,
  /** A tool that takes nothing may say nothing of it. */
  parameters: z
    .object({
      properties: z.record(z.string(), z.record(z.string(), jsonSchema)).default({}),
      required: z.array(z.string()).default([]),
    })
    .default({ properties: {}, required: [] }),
});

/** A number in its shortest text: the row itself keeps what it was. */
const answerText = z.union([z.string().min(1), z.number().transform(String)], {
  error: "is neither text nor a number",
});

/** Text as one string or as a list of parts, as chat interfaces have it. */
export const contentText = z.union(
  [
    z.string(),
    z
      .array(z.object({ type: z.literal("text"), text: z.string() }))
      .transform((parts) => parts.map(({ text }) => text).join("")),
  ],
  { error: "is neither text nor a list of parts that are text" },
);

/** What is read of a row; all else travels with it. */
const rowSchema = z.object({
  messages: z.array(z.object({ role: z.string(), content: contentText })),
  tools: nested(z.array(z.object({ function: functionSchema })).min(1)),
  /** Tool name -> Python source of a function of that name. */
  codes: nested(z.record(z.string(), z.string().min(1))),
  /** Tool name -> the sub-answers it still owes. */
  unsolved_set: nested(
    z.record(
      z.string(),
      z.union([z.array(answerText), answerText.transform((answer) => [answer])], {
        error: "is neither an answer nor a list of answers, each of them text or a number",
      }),
    ),
  ),
  data_source: z.string().optional(),
  split: z.string().optional(),
  answer: answerText,
});
type Row = z.infer<typeof rowSchema>;

/** `text` is the row as JSON; throws InvalidInput that begins with `where`, e.g. "test.jsonl line 3". */
export function importFtrlRow(text: string, where: string): Environment {
  const row = parseRow(text, where);
  const message = row.messages.find(({ role }) => role === askingRole);
  if (message === undefined) throw refusal(where, "messages", `no message has the role '${askingRole}'`);
  const question = message.content.startsWith(instruction)
    ? message.content.slice(instruction.length)
    : message.content;
  if (question.trim() === "") throw refusal(where, "messages", "the user asks nothing");
  const owed = Object.entries(row.unsolved_set).flatMap(([tool, answers]) =>
    answers.map((answer) => ({ tool, answer })),
  );
  if (owed.length === 0)
    throw refusal(where, "unsolved_set", "is empty; a trajectory's last state is no environment");
  const names = row.tools.map((tool) => tool.function.name);
  const stranger = owed.find(({ tool }) => !names.includes(tool));
  if (stranger)
    throw refusal(where, "unsolved_set", `names '${stranger.tool}', which is not among the tools`);
  return {
    format: "ratchet.environment.v1",
    scenario: scenarioNamed(row.data_source, owed.length),
    profile: "ftrl",
    split: splits.find((split) => split === row.split) ?? "test",
    entity: `question:${contentHash(question).slice(0, 12)}`,
    question,
    answer: row.answer,
    composition: { kind: "stated" },
    subQuestions: owed.map(({ tool, answer }, i) => ({
      id: `q${i + 1}`,
      question: "",
      dependsOn: [],
      tool,
      answer,
      answerType: answerTypeOf(answer),
    })),
    referenceCalls: [],
    tools: row.tools.map((tool) => toolOf(tool.function, row, where)),
    complexity: [],
    lineage: { author: "ftrl", authorVersion: "1", seed: 0, sources: ["bytedance/FTRL"] },
    origin: { format: "ftrl", row: text },
    gates: [],
  };
}

function parseRow(text: string, where: string): Row {
  let value: unknown;
  try {
    value = readJson(text).value;
  } catch (cause) {
    throw new RatchetError(
      "InvalidInput",
      `${where}: is no JSON (${(cause as Error).message}); each row is one JSON object on a line of its own`,
      { where },
      cause,
    );
  }
  const row = rowSchema.safeParse(value);
  if (row.success) return row.data;
  const { path, message } = row.error.issues[0]!;
  throw refusal(where, path.join(".") || "(row)", message);
}

function toolOf(
  document: Row["tools"][number]["function"],
  { codes, unsolved_set }: Row,
  where: string,
): Tool {
  const { name, description, parameters } = document;
  const distractor = !Object.hasOwn(unsolved_set, name) || unsolved_set[name]!.length === 0;
  const code = Object.hasOwn(codes, name) ? codes[name] : distractor ? absent(name) : undefined;
  if (code === undefined) throw refusal(where, "codes", `lacks the tool '${name}', which owes a sub-answer`);
  const { properties, required } = parameters;
  return {
    document: { name, description, parameters: { type: "object", properties, required } },
    runtime: "python",
    code,
    distractor,
  };
}

/** A distractor that is documented and has no code: FTRL's trainer answers each call of it with the KeyError of its name. */
const absent = (name: string) =>
  `def absent(**given):\n    raise KeyError(${JSON.stringify(name)})\n\nglobals()[${JSON.stringify(name)}] = absent\n`;

/** `self/multi_hop`; where a row does not say, as many sub-answers can be anything. */
function scenarioNamed(source: string | undefined, subAnswers: number): ScenarioType {
  const named = scenarioTypes.find((type) => source?.split("/").at(-1) === type);
  return named ?? (subAnswers === 1 ? "single_hop" : "parallel_multi_hop");
}

function answerTypeOf(answer: string): Environment["subQuestions"][number]["answerType"] {
  if (answer.trim() !== "" && Number.isFinite(Number(answer))) return "number";
  if (/^\d{4}-\d{2}(-\d{2})?$/.test(answer)) return "date";
  return answer.includes(", ") ? "list" : "string";
}

const refusal = (where: string, field: string, what: string) =>
  new RatchetError(
    "InvalidInput",
    `${where}: field '${field}': ${what}; a row is as in FTRL's train.jsonl and test.jsonl`,
    { where, field },
  );
