/**
 * An environment in TypeScript: what repeats is written once. Try it: npx ratchet env verify examples/environment.ts
 */
import type { EnvironmentFile } from "../src/core/formats/environment-file.ts";

const heights = { aconcagua: 6961, denali: 6190, kilimanjaro: 5895, elbrus: 5642, vinson: 4892 };
const continents = {
  aconcagua: "South America",
  denali: "North America",
  kilimanjaro: "Africa",
  elbrus: "Europe",
  vinson: "Antarctica",
};

/** A tool that looks one field up. Its code is text: nothing of this file is there when it runs. */
const lookUp = (name: string, description: string, field: string): EnvironmentFile["tools"][number] => ({
  document: {
    name,
    description,
    parameters: {
      type: "object",
      properties: { mountain: { type: "string", description: "Name of a mountain." } },
      required: ["mountain"],
    },
  },
  table: field,
  code: `function ${name}({ mountain }, table) {
    const fail = (kind, detail) => { throw new Error(kind + ": " + detail); };
    for (const name of Object.keys(arguments[0])) if (name !== "mountain") fail("unknown_argument", "use only mountain");
    if (mountain === undefined) fail("missing_argument", "mountain is required");
    if (typeof mountain !== "string" || mountain.trim() === "") fail("invalid_argument", "mountain must be a non-empty string");
    const row = mountain.trim().toLowerCase();
    if (!Object.hasOwn(table.rows, row)) fail("not_found", "no row has this name");
    return String(table.rows[row].${field});
  }`,
});

const tableOf = (field: string, values: Readonly<Record<string, string | number>>) => ({
  aliases: {},
  rows: Object.fromEntries(Object.entries(values).map(([mountain, value]) => [mountain, { [field]: value }])),
});

const asked = ["Kilimanjaro", "Denali", "Elbrus"] as const;

export const environment: EnvironmentFile = {
  format: "ratchet.environment-file.v1",
  question: `Which is the highest: ${asked.slice(0, 2).join(", ")} or ${asked[2]}?`,
  answer: "Denali",
  composition: { kind: "argmax", of: ["q1", "q2", "q3"], labels: [...asked] },
  subQuestions: asked.map((mountain, i) => ({
    id: `q${i + 1}`,
    question: `How many metres high is ${mountain}?`,
    tool: "height_of",
    answer: String(heights[mountain.toLowerCase() as keyof typeof heights]),
    answerType: "number",
  })),
  referenceCalls: asked.map((mountain, i) => ({
    subQuestion: `q${i + 1}`,
    arguments: { mountain: { value: mountain } },
  })),
  tools: [
    lookUp("height_of", "Height of a mountain above sea level, in metres.", "height"),
    lookUp("continent_of", "Continent that a mountain stands on.", "continent"),
  ],
  tables: { height: tableOf("height", heights), continent: tableOf("continent", continents) },
};
