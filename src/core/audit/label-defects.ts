/** Defects of labels and data: what is said to be the answer, and what the tables say. */
import type { Table } from "../gates/data-table.ts";
import type { Case } from "../gates/gate.ts";
import {
  anotherValue,
  type Defect,
  type LookedUp,
  lookups,
  someLookup,
  withEnvironment,
  withTable,
} from "./defect.ts";
import type { Sound } from "./origins.ts";

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

/** The look-up whose output is the final answer. */
const answeringLookup = (subject: Sound): LookedUp | undefined => {
  const { composition } = subject.environment;
  return lookups(subject).find(({ sub }) => composition.kind === "answer" && composition.of === sub.id);
};

/** Data and labels say another answer, and agree. */
function relabelled(
  subject: Sound,
  { sub, tool, facts: { table } }: LookedUp,
  answer: string,
  rows: Table["rows"],
): Case {
  const { subQuestions } = subject.environment;
  return withTable(
    withEnvironment(subject, {
      answer,
      subQuestions: subQuestions.map((one) =>
        one.id === sub.id ? { ...one, answer, answerType: "string" as const } : one,
      ),
    }),
    tool.document.name,
    { aliases: { ...table.aliases }, rows },
  );
}

/** Every row says one of two things. */
const coinToss: Defect = {
  kind: "an answer that half of the rows have",
  gate: "tool-necessity",
  plant: (subject, random) => {
    const call = answeringLookup(subject);
    if (!call) return undefined;
    const { table, own, field } = call.facts;
    const pair = random.pick([
      ["left-handed", "right-handed"],
      ["northern", "southern"],
    ] as const);
    const rows = Object.entries(table.rows).map(
      ([key, row], i) => [key, { ...row, [field]: pair[key === own ? 0 : i % 2]! }] as const,
    );
    return relabelled(subject, call, pair[0], Object.fromEntries(rows));
  },
};

/** An answer that almost any text contains. */
const shortAnswer: Defect = {
  kind: "answer of two characters",
  gate: "answer-shape",
  plant: (subject, random) => {
    const call = answeringLookup(subject);
    if (!call) return undefined;
    const short = random.pick(["qx", "zj", "XQ", "7q"]);
    const { table, own, field } = call.facts;
    return relabelled(subject, call, short, {
      ...table.rows,
      [own]: { ...table.rows[own]!, [field]: short },
    });
  },
};

export const labelDefects: readonly Defect[] = [
  wrongLabel,
  wrongFinalAnswer,
  staleData,
  shortAnswer,
  coinToss,
];
