/**
 * How much the knowledge author can ask: `npm run bench:author -- [--count 16000] [--sample 1000] [--seed 1] [--json]`. Proposes that many
 * candidates of each profile and scenario type for the train split, counts the questions that differ in their words and
 * those that differ in their facts, and says how long they are, beside FTRL's test set; of every split for a sample.
 */
import { cpus, loadavg } from "node:os";
import { createKnowledgeAuthor } from "../src/authors/knowledge/author.ts";
import {
  type Profile,
  profiles,
  type ScenarioType,
  type Split,
  scenarioTypes,
  splits,
} from "../src/core/environment/environment.ts";
import { sha256 } from "../src/core/hash.ts";
import type { Candidate } from "../src/core/synthesis/candidate.ts";
import { optionsOf } from "./options.ts";

const options = optionsOf("bench:author", { count: 16_000, sample: 1_000, seed: 1, json: false });

/** Mean sub-questions of FTRL's 200 test rows. */
const ftrlTest: Readonly<Record<ScenarioType, number>> = {
  single_hop: 1,
  parallel_single_hop: 2.02,
  multi_hop: 5.72,
  parallel_multi_hop: 7.66,
};
/** Candidates asked for at a time; none is kept. */
const stretch = 500;

const author = createKnowledgeAuthor();
const questions = new Set<string>();
const facts = new Set<string>();
const started = performance.now();
const cpuBefore = process.cpuUsage();
const rows = [];
for (const profile of profiles)
  for (const split of splits)
    for (const scenario of scenarioTypes)
      rows.push(
        await survey(profile, split, scenario, Number(split === "train" ? options.count : options.sample)),
      );
const { user, system } = process.cpuUsage(cpuBefore);
const result = {
  machine: { processor: cpus()[0]!.model, cores: cpus().length, node: process.version, load: loadavg()[0]! },
  candidates: rows.reduce((sum, { candidates }) => sum + candidates, 0),
  distinctQuestions: questions.size,
  distinctFacts: facts.size,
  wallSeconds: Math.round((performance.now() - started) / 1000),
  cpuSeconds: Math.round((user + system) / 1e6),
  rows,
};
process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : textOf(result));

async function survey(profile: Profile, split: Split, scenario: ScenarioType, count: number) {
  const lengths: Record<number, number> = {};
  const kinds: Record<string, number> = {};
  for (let from = 0; from < count; from += stretch) {
    const candidates = await author.propose({
      split,
      profile,
      scenarios: { [scenario]: 1 },
      seed: options.seed,
      from,
      count: Math.min(stretch, count - from),
    });
    for (const candidate of candidates) {
      questions.add(sha256(candidate.question).slice(0, 20));
      facts.add(sha256(factsOf(candidate)).slice(0, 20));
      const { length } = candidate.facts;
      lengths[length] = (lengths[length] ?? 0) + 1;
      const { kind } = candidate.composition;
      kinds[kind] = (kinds[kind] ?? 0) + 1;
    }
  }
  const total = Object.entries(lengths).reduce((sum, [length, times]) => sum + Number(length) * times, 0);
  return { profile, split, scenario, candidates: count, meanSubQuestions: total / count, lengths, kinds };
}

/** What is asked whatever the words: each fact with its entity, and how the answer follows. */
function factsOf({ facts: all, composition }: Candidate): string {
  return JSON.stringify([composition, all.map(({ card, operands, answer }) => [card, operands, answer])]);
}

function textOf({ machine, rows: surveyed, ...counted }: typeof result): string {
  return [
    `${machine.processor}, ${machine.cores} cores, Node ${machine.node}, load ${machine.load.toFixed(1)}`,
    `${counted.candidates} candidates in ${counted.wallSeconds} s (${counted.cpuSeconds} s of processor): ${counted.distinctQuestions} distinct questions, ${counted.distinctFacts} by their facts`,
    ...surveyed.map(({ profile, split, scenario, meanSubQuestions, lengths }) =>
      [
        `${profile} ${split} ${scenario}`.padEnd(44),
        meanSubQuestions.toFixed(2).padStart(5),
        profile === "ftrl" ? ` (FTRL ${ftrlTest[scenario].toFixed(2)})` : "",
        `  ${Object.entries(lengths)
          .map(([length, times]) => `${length}: ${times}`)
          .join(", ")}`,
      ].join(""),
    ),
    "",
  ].join("\n");
}
