/** Refuses rows that cannot be trained on, before any work starts, naming the mini-batch and the row. */
import { RatchetError } from "../../core/errors.ts";
import { type LossSettings, type TrainingRow, temperatures } from "../../core/ports/policy.ts";
import type { LlamaConfig } from "../model/config.ts";
import { temperatureOf } from "./temperature.ts";

export function checkMiniBatches(
  miniBatches: readonly (readonly TrainingRow[])[],
  loss: LossSettings,
  { contextTokens, vocabularySize }: LlamaConfig,
): void {
  const temperature = temperatureOf(loss);
  if (!(temperature >= temperatures.least && temperature <= temperatures.most)) {
    const limits = `at least ${temperatures.least} and at most ${temperatures.most}`;
    throw invalid("loss.temperature", `is ${temperature}; give the one that was sampled at, ${limits}`);
  }
  if (miniBatches.length === 0) throw invalid("miniBatches", "is empty; give at least one");
  for (const [b, rows] of miniBatches.entries()) {
    if (!rows.some(({ mask }) => mask.includes(1))) {
      throw invalid(`miniBatches[${b}]`, "has no response token to train on; leave such a mini-batch out");
    }
    for (const [r, row] of rows.entries()) {
      checkRow(`miniBatches[${b}][${r}]`, row, contextTokens, vocabularySize);
      if (loss.kind === "policy-gradient") checkLogprobs(`miniBatches[${b}][${r}]`, row);
    }
  }
}

function checkRow(
  field: string,
  { prompt, response, mask, advantages }: TrainingRow,
  context: number,
  vocabulary: number,
): void {
  if (prompt.length === 0) {
    throw invalid(`${field}.prompt`, "is empty; the first response token needs a token before it");
  }
  if (mask.length !== response.length || advantages.length !== response.length) {
    const lengths = `mask has ${mask.length} and advantages ${advantages.length} values`;
    throw invalid(field, `${lengths} for ${response.length} response tokens; give one of each per token`);
  }
  const length = prompt.length + response.length;
  if (length > context) {
    const message = `${field} has ${length} tokens, over the model's context of ${context}; leave the row out`;
    throw new RatchetError("PromptTooLong", message, { field, length, limit: context });
  }
  for (const token of [...prompt, ...response]) {
    if (!(Number.isInteger(token) && token >= 0 && token < vocabulary)) {
      throw invalid(field, `holds token ${token}; the vocabulary has ids 0 to ${vocabulary - 1}`);
    }
  }
  if (!advantages.every(Number.isFinite)) {
    throw invalid(`${field}.advantages`, "holds a value that is not a finite number");
  }
}

function checkLogprobs(field: string, { response, logprobs = [] }: TrainingRow): void {
  if (logprobs.length !== response.length || !logprobs.every(Number.isFinite)) {
    const detail = `has ${logprobs.length} values for ${response.length} response tokens`;
    throw invalid(
      `${field}.logprobs`,
      `${detail}; give the finite log-probability of each as it was sampled`,
    );
  }
}

const invalid = (field: string, detail: string) =>
  new RatchetError("InvalidInput", `${field} ${detail}`, { field });
