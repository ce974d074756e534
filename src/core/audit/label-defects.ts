/** Defects of labels and data: what is said to be the answer, and what the tables say. */
import type { Json } from "../json.ts";
import { anotherValue, type Defect, lookups, someLookup, withEnvironment, withTable } from "./defect.ts";

/** The same wrong value wherever the label stands, so that only the data disagrees. */
const wrongLabel: Defect = {
  kind: "wrong sub-answer",
  gate: "oracle",
  plant: (subject, random) => {
    const call = someLookup(subject, random);
    const wrong = call && anotherValue(call, random);
    if (!wrong) return undefined;
    const { subQuestions, answer } = subject.environment;
    return withEnvironment(subject, {
      answer: answer === call.sub.answer ? wrong : answer,
      subQuestions: subQuestions.map((sub) => (sub.id === call.sub.id ? { ...sub, answer: wrong } : sub)),
    });
  },
};

const wrongFinalAnswer: Defect = {
  kind: "wrong final answer",
  gate: "oracle",
  plant: (subject, random) => {
    const call = someLookup(subject, random);
    const wrong = call && anotherValue(call, random);
    return wrong && wrong !== subject.environment.answer
      ? withEnvironment(subject, { answer: wrong })
      : undefined;
  },
};

const staleData: Defect = {
  kind: "stale data",
  gate: "oracle",
  plant: (subject, random) => {
    const call = someLookup(subject, random);
    const value = call && anotherValue(call, random);
    if (!value) return undefined;
    const { table, own, field } = call.facts;
    const rows = { ...table.rows, [own]: { ...table.rows[own]!, [field]: value } };
    return withTable(subject, call.tool.document.name, { aliases: { ...table.aliases }, rows });
  },
};

/** Every row says one of two things, and the label agrees. */
const coinToss: Defect = {
  kind: "an answer that half of the rows have",
  gate: "tool-necessity",
  plant: (subject, random) => {
    const last = subject.environment.composition;
    const call = lookups(subject).find(({ sub }) => last.kind === "answer" && last.of === sub.id);
    if (!call) return undefined;
    const { table, own, field } = call.facts;
    const pair = random.pick([
      ["left-handed", "right-handed"],
      ["northern", "southern"],
    ] as const);
    const rows = Object.fromEntries(
      Object.entries(table.rows).map(([key, row], i) => [
        key,
        { ...row, [field]: pair[key === own ? 0 : i % 2] },
      ]),
    );
    const { subQuestions } = subject.environment;
    return withTable(
      withEnvironment(subject, {
        answer: pair[0],
        subQuestions: subQuestions.map((sub) =>
          sub.id === call.sub.id ? { ...sub, answer: pair[0], answerType: "string" as const } : sub,
        ),
      }),
      call.tool.document.name,
      { aliases: { ...table.aliases }, rows } as Json,
    );
  },
};

/** Data and label agree on an answer that almost any text contains. */
const shortAnswer: Defect = {
  kind: "answer of two characters",
  gate: "answer-shape",
  plant: (subject, random) => {
    const last = subject.environment.composition;
    const call = lookups(subject).find(({ sub }) => last.kind === "answer" && last.of === sub.id);
    if (!call) return undefined;
    const short = random.pick(["qx", "zj", "XQ", "7q"]);
    const { table, own, field } = call.facts;
    const rows = { ...table.rows, [own]: { ...table.rows[own]!, [field]: short } };
    const { subQuestions } = subject.environment;
    return withTable(
      withEnvironment(subject, {
        answer: short,
        subQuestions: subQuestions.map((sub) =>
          sub.id === call.sub.id ? { ...sub, answer: short, answerType: "string" as const } : sub,
        ),
      }),
      call.tool.document.name,
      { aliases: { ...table.aliases }, rows } as Json,
    );
  },
};

export const labelDefects: readonly Defect[] = [
  wrongLabel,
  wrongFinalAnswer,
  staleData,
  shortAnswer,
  coinToss,
];
