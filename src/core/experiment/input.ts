/**
 * What a person writes to start work: the inputs of `experiment`, `buildEnvironments`, `trainPolicy` and
 * `evaluatePolicy`, with every default and unit. An unknown field is an error; so is a number outside its limits.
 */
import { z } from "zod";
import { hashPattern } from "../hash.ts";
import { bounded } from "./bounded.ts";
import { buildSchema, environmentsSchema } from "./build.ts";
import { filteredSchema } from "./filtered.ts";
import { loraSchema, scheduleSchema } from "./fine-tuning.ts";
import { identifierPattern, identifierRule, initialPolicy } from "./identifier.ts";
import { originSchema } from "./origin.ts";
import { groupSamplingSchema, samplingSchema } from "./sampling.ts";
import { mostShardsOfIteration, mostShardsTogether, shardsOf } from "./shards.ts";
import { supervisedTripwiresSchema, tripwiresSchema } from "./tripwires.ts";

const identifier = z
  .string()
  .regex(identifierPattern, identifierRule)
  .describe("Names the run and its workflow");
const count = (max: number) => z.number().int().min(1).max(max);
const contentHash = z.string().regex(hashPattern);

/** "tiny" and "smollm2-135m-instruct" are prepared by Ratchet; anything else is a model of one's own, see docs/models.md. */
const policySourceSchema = z
  .string()
  .min(1)
  .describe(
    "tiny, smollm2-135m-instruct, hf:org/name@revision, or the path of a Hugging Face folder or a .gguf file",
  );

const rolloutFields = {
  maxTurns: count(20).default(8).describe("Most assistant turns of a trajectory (FTRL: 20)"),
  shardSize: count(512)
    .default(32)
    .describe(
      `Trajectories that move through their turns together; its members and their order are part of the input. Temporal has room for ${mostShardsOfIteration} shards in an iteration, ${mostShardsTogether} in a calibration or in an experiment's evaluations together`,
    ),
  shardsInFlight: count(1024)
    .default(2)
    .describe(
      "Shards under way at once: two for each device worker, so that one samples while the other's tools run; changes no result",
    ),
};

const optimizerFields = {
  learningRate: bounded("learningRate").describe("AdamW's step size"),
  weightDecay: bounded("weightDecay").default(0).describe("Decoupled weight decay (AdamW)"),
  beta1: z.number().min(0).lt(1).default(0.9).describe("Decay of Adam's first moment"),
  beta2: z.number().min(0).lt(1).default(0.999).describe("Decay of Adam's second moment"),
  epsilon: z.number().gt(0).max(1).default(1e-8).describe("Adam's denominator offset"),
  maxGradientNorm: bounded("maxGradientNorm")
    .default(1)
    .describe("Global gradient norm is clipped to this; 0 is off"),
  packTokens: count(16_384)
    .default(1024)
    .describe("Most unique tokens of one packed sequence: bounds memory, and is part of the numerics"),
  activations: z
    .enum(["kept", "recomputed"])
    .default("kept")
    .describe(
      "What the backward pass does about the forward pass's products: up to 1 GiB of them kept, or all computed again for an eighth more processor time; part of the numerics",
    ),
  schedule: scheduleSchema.optional(),
  lora: loraSchema.optional(),
};

const tripwiresMeaning = "Limits that an update must keep to be committed (see tripwires)";

export const supervisedSchema = z.strictObject({
  algorithm: z
    .literal("sft")
    .describe("Supervised fine-tuning on golden trajectories (the cold start), or on sampled ones"),
  trajectories: filteredSchema.optional(),
  epochs: count(1000).default(1).describe("Passes over the trajectories"),
  maxTrajectories: count(100_000)
    .optional()
    .describe("Trajectories used, the first ones of the set or of those that pass; all by default"),
  batchSize: count(4096).default(4).describe("Trajectories of one optimizer step"),
  stepsPerUpdate: count(10_000).default(8).describe("Optimizer steps of one durable update (one iteration)"),
  ...optimizerFields,
  tripwires: supervisedTripwiresSchema.prefault({}).describe(tripwiresMeaning),
});

export const reinforcementSchema = z.strictObject({
  algorithm: z.enum(["grpo", "reinforce++"]).describe("How advantages are estimated; see docs/numerics.md"),
  iterations: count(100_000).describe("Rollout, score, update: how often"),
  environmentsPerIteration: count(65_536)
    .default(8)
    .describe("Environments whose trajectories give one iteration's turn-prefixes"),
  samplesPerPrefix: z
    .number()
    .int()
    .min(2)
    .max(256)
    .default(8)
    .describe("Responses sampled at each turn-prefix (FTRL: 16)"),
  miniBatches: count(1024)
    .default(1)
    .describe("Optimizer steps an iteration's useful groups are divided into"),
  reward: z
    .enum(["solve-f1", "solve-p", "solve-r", "solve-pr"])
    .default("solve-f1")
    .describe("FTRL's one-turn reward"),
  sampling: groupSamplingSchema
    .default({ temperature: 1, topP: 1, maxResponseTokens: 64 })
    .describe(
      "Sampling of the responses, and the temperature that they are trained at, which is not 0; each trajectory goes on with the first of its prefix",
    ),
  clipLow: z.number().gt(0).lt(1).default(0.2).describe("PPO's clip below 1"),
  clipHigh: z.number().gt(0).lt(10).default(0.2).describe("PPO's clip above 1"),
  clipDual: z.number().gt(1).default(3).describe("Dual clip (veRL's clip_ratio_c)"),
  klCoefficient: bounded("klCoefficient")
    .default(0.001)
    .describe("Weight of the low-variance KL to the reference"),
  entropyCoefficient: bounded("entropyCoefficient").default(0.001).describe("Weight of the entropy bonus"),
  carryOptimizer: z
    .boolean()
    .default(true)
    .describe(
      "Keep Adam's moments from one iteration to the next; off starts each fresh, as the stage's first one always does",
    ),
  shuffleRewards: z
    .boolean()
    .default(false)
    .describe("Control: rewards permuted within their group, which leaves nothing to learn"),
  ...rolloutFields,
  ...optimizerFields,
  tripwires: tripwiresSchema.prefault({}).describe(tripwiresMeaning),
});

const trainingSchema = z
  .discriminatedUnion("algorithm", [supervisedSchema, reinforcementSchema])
  .refine((training) => training.algorithm === "sft" || training.carryOptimizer || !training.schedule, {
    message: "counts the optimizer's steps, which carryOptimizer: false forgets; leave one of them out",
    path: ["schedule"],
  })
  .superRefine((training, context) => {
    if (training.algorithm === "sft") return;
    const shards = shardsOf({ ...training, episodes: training.environmentsPerIteration });
    if (shards <= mostShardsOfIteration) return;
    const message = `makes ${shards} shards an iteration, and ${mostShardsOfIteration} is the most whose events one history in Temporal has room for; raise it, or lower environmentsPerIteration`;
    context.addIssue({ code: "custom", path: ["shardSize"], message });
  })
  .describe("How the policy is trained (see training)");

export const evaluationSchema = z.strictObject({
  sampling: samplingSchema
    .default({ temperature: 0, topP: 1, maxResponseTokens: 64 })
    .describe("Greedy by default"),
  ...rolloutFields,
});

const policySchema = z
  .union([contentHash, policySourceSchema])
  .describe(
    "A checkpoint by content hash, or tiny, smollm2-135m-instruct, hf:org/name@revision, a Hugging Face folder or a .gguf file",
  );
const seed = z
  .number()
  .int()
  .min(0)
  .max(2 ** 31 - 1)
  .describe("The only source of randomness: the same input and seed give the same bytes");
const threads = count(256)
  .default(2)
  .describe("Threads of the engine: part of the numerics, checked on resume");

const stage = (name: string) =>
  identifier
    .default(name)
    .describe("Names the work in seeds, lineage and lists; an experiment gives its stage's id");

export const buildInputSchema = z.strictObject({
  id: identifier,
  stage: stage("build"),
  seed,
  environments: buildSchema.describe("What to build (see environments)"),
});
export const trainInputSchema = z.strictObject({
  id: identifier,
  stage: stage("train"),
  seed,
  threads,
  policy: policySchema,
  environments: environmentsSchema,
  training: trainingSchema,
  from: originSchema.optional(),
});
export const evaluateInputSchema = z.strictObject({
  id: identifier,
  stage: stage("evaluate"),
  seed,
  threads,
  policy: policySchema,
  environments: environmentsSchema,
  evaluation: evaluationSchema.describe("How it is evaluated (see evaluation)"),
});

/** Temporal documents 400 bytes for a summary, which is what a title becomes there. */
const title = z
  .string()
  .min(1)
  .max(100)
  .regex(/^\P{Control}*$/u, "must be one line without control characters")
  .describe("What the terminal, the Temporal UI and the report call the stage");
const stageType = <T extends string>(type: T) => z.literal(type).describe("What the stage does");
const stagePolicy = identifier.describe(
  'Whose policy: a train or select stage, or "initial" for the one that the experiment starts from',
);
const stageEnvironments = identifier.describe("A build stage");

export const buildStageSchema = z.strictObject({
  type: stageType("build"),
  title,
  environments: buildSchema.describe("What to build (see environments)"),
});
export const trainStageSchema = z.strictObject({
  type: stageType("train"),
  title,
  policy: stagePolicy,
  environments: stageEnvironments,
  training: trainingSchema,
  from: originSchema.optional(),
});
export const evaluateStageSchema = z.strictObject({
  type: stageType("evaluate"),
  title,
  policy: stagePolicy,
  environments: stageEnvironments,
  evaluation: evaluationSchema.describe("How it is evaluated (see evaluation)"),
});
const evaluations = z
  .array(identifier)
  .min(1)
  .refine(
    (ids) => new Set(ids).size === ids.length,
    "names a stage twice; a policy is not compared with itself",
  );

export const selectStageSchema = z.strictObject({
  type: stageType("select"),
  title,
  evaluations: evaluations.describe(
    "Evaluate stages of the candidates, each once; the policy with the best mean Solve-F1 is taken, the first where several are",
  ),
});
export const reportStageSchema = z.strictObject({
  type: stageType("report"),
  title,
  evaluations: evaluations.describe(
    "Evaluate stages, each once, in the order they are compared; the first is the baseline",
  ),
});

/** A stage names others by their id. */
const stageSchema = z.discriminatedUnion("type", [
  buildStageSchema,
  trainStageSchema,
  evaluateStageSchema,
  selectStageSchema,
  reportStageSchema,
]);
export type Stage = z.infer<typeof stageSchema>;

export const experimentInputSchema = z.strictObject({
  id: identifier,
  seed,
  threads,
  policy: policySourceSchema,
  stages: z
    .record(identifier, stageSchema)
    .refine((stages) => !Object.hasOwn(stages, initialPolicy), {
      message: "stands for the policy that the experiment starts from; give the stage another id",
      path: [initialPolicy],
    })
    .describe(
      `By id (not "${initialPolicy}"), one of the five types below: each starts as soon as the stages that it names are done`,
    ),
});

export type BuildInput = z.infer<typeof buildInputSchema>;
export type TrainInput = z.infer<typeof trainInputSchema>;
export type EvaluateInput = z.infer<typeof evaluateInputSchema>;
export type SupervisedSettings = z.infer<typeof supervisedSchema>;
export type ReinforcementSettings = z.infer<typeof reinforcementSchema>;
export type TrainingSettings = z.infer<typeof trainingSchema>;
export type EvaluationSettings = z.infer<typeof evaluationSchema>;
export type ExperimentInput = z.infer<typeof experimentInputSchema>;
