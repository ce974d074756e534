/** A world of five countries and five cities, and candidates over it: what specs of synthesis and gates build on. */
import type { Environment, ToolDocument } from "../../src/core/environment/environment.ts";
import type { Case } from "../../src/core/gates/gate.ts";
import type { Candidate, SubjectTable } from "../../src/core/synthesis/candidate.ts";
import { draftTools } from "../../src/core/synthesis/construct.ts";
import { deploy } from "../../src/core/synthesis/deploy/deploy.ts";

export const smallTables: Readonly<Record<string, SubjectTable>> = {
  city: {
    aliases: {},
    rows: {
      lyon: { country: "France", nation: "France", population: 522228 },
      osaka: { country: "Japan", nation: "Japan", population: 2592413 },
      quito: { country: "Ecuador", nation: "Ecuador", population: 1399814 },
      bergen: { country: "Norway", nation: "Norway", population: 213585 },
      mekele: { country: "Ethiopia", nation: "Ethiopia", population: 545000 },
    },
  },
  country: {
    aliases: { fr: "france", jp: "japan" },
    rows: {
      france: { capital: "Paris", currency: "EUR", population: 68374600 },
      japan: { capital: "Tokyo", currency: "JPY", population: 123201945 },
      ecuador: { capital: "Quito", currency: "USD", population: 18309984 },
      norway: { capital: "Oslo", currency: "NOK", population: 5509733 },
      ethiopia: { capital: "Addis Ababa", currency: "ETB", population: 131670684 },
    },
  },
};

const cards: Candidate["cards"] = [
  {
    kind: "lookup",
    id: "city.country",
    subject: "city",
    field: "country",
    toolName: "get_home",
    description: "Home of a city.",
    answerType: "string",
  },
  {
    kind: "lookup",
    id: "city.nation",
    subject: "city",
    field: "nation",
    toolName: "which_nation",
    description: "Nation of a city: the same as its country, so it distracts unfairly.",
    answerType: "string",
  },
  {
    kind: "lookup",
    id: "country.currency",
    subject: "country",
    field: "currency",
    toolName: "get_money",
    description: "Money code.",
    answerType: "string",
  },
  {
    kind: "lookup",
    id: "country.capital",
    subject: "country",
    field: "capital",
    toolName: "find_seat",
    description: "Seat of government.",
    answerType: "string",
  },
  {
    kind: "lookup",
    id: "country.population",
    subject: "country",
    field: "population",
    toolName: "count_people",
    description: "Number of people.",
    answerType: "number",
    unit: "people",
  },
  {
    kind: "calculate",
    id: "calculator.sum",
    operation: "sum",
    toolName: "add",
    description: "Sum of numbers.",
    answerType: "number",
  },
];

const base: Omit<Candidate, "scenario" | "question" | "facts" | "composition"> = {
  index: 0,
  seed: 7,
  split: "train",
  profile: "compact",
  entity: "country:FR",
  paraphrases: [],
  cards,
  distractors: ["country.capital"],
  nearness: { "country.capital": "document" },
  subjects: {
    city: {
      parameter: "city",
      toolName: "city_facts",
      description: "About a city.",
      fields: ["population", "country"],
      source: "atlas",
    },
    country: {
      parameter: "country",
      toolName: "country_facts",
      description: "About a country.",
      fields: ["population", "capital", "currency"],
      source: "atlas",
    },
  },
  levels: { integration: 0, generalization: 0, parameters: 0, parameterTypes: 0, distractors: 1 },
  lineage: { author: "test", authorVersion: "1", seed: 0, sources: ["atlas@1.0.0"] },
};

/** Lyon -> France -> EUR, with one distractor. */
export const chainCandidate: Candidate = {
  ...base,
  scenario: "multi_hop",
  question: "What is the currency of the country of Lyon?",
  paraphrases: ["Which currency does the country of Lyon use?"],
  facts: [
    {
      id: "q1",
      card: "city.country",
      question: "Where is Lyon?",
      operands: [{ value: "Lyon" }],
      answer: "France",
    },
    {
      id: "q2",
      card: "country.currency",
      question: "What is its currency?",
      operands: [{ from: "q1" }],
      answer: "EUR",
    },
  ],
  composition: { kind: "answer", of: "q2" },
};

/** The populations of Japan and Norway, added up by a calculator. */
export const sumCandidate: Candidate = {
  ...base,
  scenario: "parallel_multi_hop",
  entity: "country:JP",
  question: "How many people do Japan and Norway have together?",
  facts: [
    {
      id: "q1",
      card: "country.population",
      question: "How many in Japan?",
      operands: [{ value: "Japan" }],
      answer: "123201945",
    },
    {
      id: "q2",
      card: "country.population",
      question: "How many in Norway?",
      operands: [{ value: "Norway" }],
      answer: "5509733",
    },
    {
      id: "q3",
      card: "calculator.sum",
      question: "What is the sum?",
      operands: [{ from: "q1" }, { from: "q2" }],
      answer: "128711678",
    },
  ],
  composition: { kind: "sum", of: ["q1", "q2"] },
};

/** Which of three countries has the most people. */
export const comparisonCandidate: Candidate = {
  ...base,
  scenario: "parallel_single_hop",
  question: "Which of Japan, Norway and Ethiopia has the most people?",
  facts: [
    {
      id: "q1",
      card: "country.population",
      question: "How many in Japan?",
      operands: [{ value: "Japan" }],
      answer: "123201945",
    },
    {
      id: "q2",
      card: "country.population",
      question: "How many in Norway?",
      operands: [{ value: "Norway" }],
      answer: "5509733",
    },
    {
      id: "q3",
      card: "country.population",
      question: "How many in Ethiopia?",
      operands: [{ value: "Ethiopia" }],
      answer: "131670684",
    },
  ],
  composition: { kind: "argmax", of: ["q1", "q2", "q3"], labels: ["Japan", "Norway", "Ethiopia"] },
};

export const deploySmall = (...candidates: readonly Candidate[]) =>
  deploy(
    candidates.map((candidate) => draftTools(candidate)),
    smallTables,
  );

/** A sound environment with its tables. */
export function caseOf(candidate: Candidate): Case {
  const { deployed, tables } = deploySmall(candidate);
  return { environment: deployed[0]!.environment, tables };
}

/** The document with one parameter more; it is optional where its schema has a default. */
export const withParameter = (
  { parameters, ...document }: ToolDocument,
  name: string,
  schema: ToolDocument["parameters"]["properties"][string],
): ToolDocument => ({
  ...document,
  parameters: { ...parameters, properties: { ...parameters.properties, [name]: schema } },
});

/** The same case with one tool changed. */
export function withTool(
  subject: Case,
  name: string,
  change: (tool: Environment["tools"][number]) => Partial<Environment["tools"][number]>,
): Case {
  const tools = subject.environment.tools.map((tool) =>
    tool.document.name === name ? { ...tool, ...change(tool) } : tool,
  );
  return { ...subject, environment: { ...subject.environment, tools } };
}

/** The chain's `get_money` with its body replaced; `$original` is what it would have said. */
export const rigged = (body: string) =>
  withTool(caseOf(chainCandidate), "get_money", ({ code }) => ({
    code: `function get_money({ country }, table) { ${code.replace("function get_money", "function $original")}\n${body} }`,
  }));
