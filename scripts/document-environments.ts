/** Writes the example of docs/environments.md: one candidate after each of the five stages (a test compares them). */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createKnowledgeAuthor } from "../src/authors/knowledge/author.ts";
import type { ReferenceArgument } from "../src/core/environment/environment.ts";
import { decompose } from "../src/core/synthesis/decompose/decompose.ts";
import { deploy, subjectsOf } from "../src/core/synthesis/deploy/deploy.ts";
import { document } from "../src/core/synthesis/document/document.ts";
import type { Drafted } from "../src/core/synthesis/draft.ts";
import { integrate } from "../src/core/synthesis/integrate/integrate.ts";
import { scale } from "../src/core/synthesis/scale/scale.ts";

const page = new URL("../docs/environments.md", import.meta.url);
const [begin, end] = ["<!-- example: begin -->", "<!-- example: end -->"];

/** The page with the example as the code makes it today. */
export async function environmentsDocument(): Promise<string> {
  const text = readFileSync(page, "utf8");
  const [before, after] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
  return `${text.slice(0, before)}\n${await example()}\n${text.slice(after)}`;
}

async function example(): Promise<string> {
  const author = createKnowledgeAuthor();
  const [candidate] = await author.propose({
    split: "validation",
    profile: "compact",
    scenarios: { parallel_multi_hop: 1 },
    domains: ["geography", "aviation"],
    levels: { integration: 1, generalization: 0, parameters: 1, parameterTypes: 1, distractors: 1 },
    seed: 7,
    from: 2,
    count: 1,
  });
  const decomposed = decompose(candidate!);
  const documented = document(decomposed);
  const subjects = await author.subjectTables(Object.keys(candidate!.subjects));
  const integrated = integrate(documented, subjects);
  const scaled = scale(integrated, subjects);
  const { deployed, tables } = deploy([scaled], await author.subjectTables(subjectsOf([scaled])));
  const { environment } = deployed[0]!;
  const shown = environment.tools.find(({ distractor }) => !distractor)!;
  const table = shown.table === undefined ? undefined : (tables[shown.table] as unknown as { rows: object });
  return [
    `**Question** (${environment.scenario}, ${environment.profile}, ${environment.split}): ${environment.question}`,
    `**Answer**: ${environment.answer}`,
    "1 Scenario decomposition: sub-questions, what each depends on, and how the answer follows",
    fenced(
      "text",
      [
        ...decomposed.subQuestions.map(
          ({ id, question, dependsOn, answer }) =>
            `${id} ${dependsOn.length > 0 ? `(${dependsOn.join(", ")}) ` : ""}${question} -> ${answer}`,
        ),
        `composition: ${JSON.stringify(candidate!.composition)}`,
      ].join("\n"),
    ),
    "2 Document generation: one tool document for each sub-question",
    documentsOf(documented),
    "3 Function integration: overlapping tools merged, the reference calls rewritten with them",
    documentsOf(integrated),
    "4 Complexity scaling: wider tools, further parameters, other types, distractors",
    documentsOf(scaled),
    fenced("text", scaled.complexity.map(({ operation, level }) => `${operation}: ${level}`).join("\n")),
    `5 Localized deployment: code that reads a data table${table ? ` (this one has ${Object.keys(table.rows).length} rows)` : ""} and holds none of it`,
    fenced("js", shown.code),
  ].join("\n\n");
}

function documentsOf({ drafts }: Drafted): string {
  return fenced(
    "text",
    drafts
      .map(({ document: { name, parameters }, calls }) => {
        const signature = Object.entries(parameters.properties).map(
          ([parameter, { type, enum: choices }]) =>
            `${parameter}${parameters.required.includes(parameter) ? "" : "?"}: ${choices ? (choices as string[]).join(" | ") : type}`,
        );
        const made = Object.entries(calls).map(([id, call]) => `  ${id} ${argumentsOf(call)}`);
        return [`${name}(${signature.join(", ")})`, ...(made.length > 0 ? made : ["  a distractor"])].join(
          "\n",
        );
      })
      .join("\n"),
  );
}

const argumentsOf = (call: Readonly<Record<string, ReferenceArgument>>): string =>
  Object.entries(call)
    .map(([name, argument]) => `${name}=${argumentOf(argument)}`)
    .join(", ");

function argumentOf(argument: ReferenceArgument): string {
  if ("from" in argument) return `answer of ${argument.from}`;
  if ("list" in argument) return `[${argument.list.map(argumentOf).join(", ")}]`;
  if ("object" in argument) return `{ ${argumentsOf(argument.object)} }`;
  return JSON.stringify(argument.value);
}

const fenced = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``;

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(page, await environmentsDocument());
