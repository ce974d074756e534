/** Writes docs/inputs.md from the schemas that parse the inputs, so that the two cannot differ (a test compares them). */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { buildSchema } from "../src/core/experiment/build.ts";
import { calibrateInputSchema, calibrationSchema } from "../src/core/experiment/calibration.ts";
import { filteredSchema } from "../src/core/experiment/filtered.ts";
import { decaySchema, loraSchema } from "../src/core/experiment/fine-tuning.ts";
import {
  buildInputSchema,
  buildStageSchema,
  evaluateInputSchema,
  evaluateStageSchema,
  evaluationSchema,
  experimentInputSchema,
  reinforcementSchema,
  reportStageSchema,
  selectStageSchema,
  supervisedSchema,
  trainInputSchema,
  trainStageSchema,
} from "../src/core/experiment/input.ts";
import { originSchema } from "../src/core/experiment/origin.ts";
import { samplingSchema } from "../src/core/experiment/sampling.ts";
import { tripwiresSchema } from "../src/core/experiment/tripwires.ts";

interface Field {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Field[];
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: Field;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Field>>;
  readonly required?: readonly string[];
}

const sections: readonly (readonly [string, string, z.ZodType])[] = [
  [
    "experiment",
    "Input of the `experiment` workflow and of `npm start -- --input FILE`.",
    experimentInputSchema,
  ],
  ["stage: build", "Makes a set of environments.", buildStageSchema],
  ["stage: train", "Trains a policy, which later stages name by this stage's id.", trainStageSchema],
  ["stage: evaluate", "Measures a policy in a set of environments.", evaluateStageSchema],
  ["stage: select", "Takes the best of several policies, as a train stage gives one.", selectStageSchema],
  [
    "stage: report",
    "Compares evaluations, and shows them with the stages that they rest on. Several have a page each.",
    reportStageSchema,
  ],
  ["buildEnvironments", "Input of the workflow of that name.", buildInputSchema],
  ["trainPolicy", "Input of the workflow of that name.", trainInputSchema],
  ["evaluatePolicy", "Input of the workflow of that name.", evaluateInputSchema],
  ["calibrateEnvironments", "Input of the workflow of that name.", calibrateInputSchema],
  ["environments", "What to build.", buildSchema],
  ["scenarios", "At least one environment in all.", buildSchema.shape.scenarios],
  ["complexity", "Levels that hold for every environment of the set.", buildSchema.shape.complexity],
  ["training, sft", "The cold start, or rejection sampling.", supervisedSchema],
  ["trajectories", "Sampled trajectories as supervised data.", filteredSchema],
  ["training, grpo and reinforce++", "Reinforcement learning in turn mode.", reinforcementSchema],
  [
    "tripwires",
    "What a training must keep to be committed; `sft` has no `maxKl` and no `minRewardShare`.",
    tripwiresSchema,
  ],
  ["lora", "Low-rank adapters; see docs/models.md.", loraSchema],
  [
    "schedule",
    "Or `constant`, which has `warmupSteps` only; the formulas are in docs/numerics.md.",
    decaySchema,
  ],
  ["from", "The iteration that a training goes on after.", originSchema],
  ["evaluation", "How a policy is evaluated.", evaluationSchema],
  ["calibration", "How hard environments are for a policy, and which to keep.", calibrationSchema],
  ["sampling", "How responses are drawn.", samplingSchema],
];

export function inputsDocument(): string {
  const parts = sections.map(([name, about, schema]) => {
    const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: "input" }) as Field;
    const rows = Object.entries(properties).map(
      ([field, of]) =>
        `| \`${field}\` | ${typeOf(of)} | ${required.includes(field) ? "required" : defaultOf(of)} | ${limitsOf(of)} | ${of.description ?? ""} |`,
    );
    return `## ${name}\n\n${about}\n\n| field | type | default | limits | meaning |\n| --- | --- | --- | --- | --- |\n${rows.join("\n")}\n`;
  });
  return `# Inputs\n\nMade by \`npm run docs\` from \`src/core/experiment/input.ts\`. An unknown field is an error. A field without a default may be left out unless it is required.\n\n${parts.join("\n")}`;
}

function typeOf(field: Field): string {
  if (field.const !== undefined) return `\`${JSON.stringify(field.const)}\``;
  if (field.enum) return field.enum.map((value) => `\`${value}\``).join(", ");
  if (field.anyOf) return [...new Set(field.anyOf.map(typeOf))].join(" or ");
  if (field.items) return `array of ${typeOf(field.items)}`;
  return field.type ?? "object";
}

const defaultOf = (field: Field) =>
  field.default === undefined ? "" : `\`${JSON.stringify(field.default)}\``;

function limitsOf(field: Field): string {
  const limits = [
    field.minimum === undefined ? "" : `>= ${field.minimum}`,
    field.exclusiveMinimum === undefined ? "" : `> ${field.exclusiveMinimum}`,
    field.maximum === undefined ? "" : `<= ${field.maximum}`,
    field.exclusiveMaximum === undefined ? "" : `< ${field.exclusiveMaximum}`,
    field.pattern === undefined ? "" : `\`${field.pattern.replaceAll("|", "\\|")}\``,
    ...rangeOf("character", field.minLength, field.maxLength),
    ...rangeOf("entry", field.minItems, field.maxItems),
    field.items?.pattern === undefined ? "" : limitsOf(field.items),
  ];
  return limits.filter(Boolean).join(", ");
}

function rangeOf(what: "character" | "entry", least?: number, most?: number): string[] {
  const named = (count: number) =>
    `${count} ${count === 1 ? what : what === "entry" ? "entries" : "characters"}`;
  if (most !== undefined) return [`${least ?? 0} to ${named(most)}`];
  return least === undefined ? [] : [`at least ${named(least)}`];
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(fileURLToPath(new URL("../docs/inputs.md", import.meta.url)), inputsDocument());
