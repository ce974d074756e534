/** Defects of a question beside its plan: it asks for something else, or names what nobody was asked about. */
import { type Defect, someLookup, withEnvironment } from "./defect.ts";

/** The name of another row stands in the place of one that the plan begins with. */
const anotherEntity: Defect = {
  kind: "a question about another entity than the plan",
  gate: "question-plan",
  plant: (subject, random) => {
    const call = someLookup(subject, random);
    if (!call) return undefined;
    const { question } = subject.environment;
    const name = String(call.facts.key.value);
    const at = wordAt(question, name);
    const others = Object.keys(call.facts.table.rows).filter((other) => !other.includes(name.toLowerCase()));
    if (at < 0 || others.length === 0) return undefined;
    const other = random.pick(others);
    return withEnvironment(subject, {
      question: question.slice(0, at) + other + question.slice(at + name.length),
    });
  },
};

/** Where the name stands as a word of its own, as it is written; -1 where nowhere. */
function wordAt(question: string, name: string): number {
  const literal = name.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  return question.search(new RegExp(`(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`, "u"));
}

const elsewhere = [
  "What time is it on the Moon right now?",
  "Which of my letters have been answered?",
  "How is the weather where you are?",
];

const anotherQuestion: Defect = {
  kind: "a question about something else",
  gate: "question-plan",
  plant: (subject, random) => {
    // A comparison's options are looked for by another gate.
    if ("labels" in subject.environment.composition) return undefined;
    return withEnvironment(subject, { question: random.pick(elsewhere) });
  },
};

/** Two options change places, and the answer with them: the outputs still compose to what is said. */
const swappedOptions: Defect = {
  kind: "options that stand for each other's values",
  gate: "question-plan",
  plant: (subject) => {
    const { composition, answer } = subject.environment;
    if (!("labels" in composition)) return undefined;
    const at = composition.labels.indexOf(answer);
    const labels = [...composition.labels];
    const other = (at + 1) % labels.length;
    [labels[at], labels[other]] = [labels[other]!, labels[at]!];
    return withEnvironment(subject, { composition: { ...composition, labels }, answer: labels[at]! });
  },
};

const loneOption: Defect = {
  kind: "an option that no call asks about",
  gate: "question-plan",
  plant: (subject, random) => {
    const { composition, question } = subject.environment;
    if (!("labels" in composition)) return undefined;
    const label = random.pick(["Eldorado", "Avalon", "Lemuria"]);
    return withEnvironment(subject, {
      question: `${question} (Or is it ${label}?)`,
      composition: { ...composition, labels: [...composition.labels, label] },
    });
  },
};

/** One that loses, with all that was asked for its sake: the question still lists it, and the answer stays what it was. */
const omittedOption: Defect = {
  kind: "an option of the question that the plan leaves out",
  gate: "question-plan",
  plant: (subject) => {
    const { composition, answer, subQuestions, referenceCalls } = subject.environment;
    if (!("labels" in composition)) return undefined;
    const out = composition.labels.findIndex((label) => label !== answer);
    const keep = <T>(_: T, i: number) => i !== out;
    const [of, labels] = [composition.of.filter(keep), composition.labels.filter(keep)];
    const needed = new Set(of);
    for (const { id, dependsOn } of [...subQuestions].reverse())
      if (needed.has(id)) for (const source of dependsOn) needed.add(source);
    return withEnvironment(subject, {
      composition: { ...composition, of, labels },
      subQuestions: subQuestions.filter(({ id }) => needed.has(id)),
      referenceCalls: referenceCalls.filter(({ subQuestion }) => needed.has(subQuestion)),
    });
  },
};

/** Another number than the plan's in the question. */
const otherConstant: Defect = {
  kind: "a threshold or number of days that the question does not say",
  gate: "question-plan",
  plant: (subject) => {
    const { composition, question } = subject.environment;
    const constant =
      composition.kind === "count_above"
        ? composition.threshold
        : composition.kind === "date_after"
          ? composition.days
          : undefined;
    return constant === undefined
      ? undefined
      : withEnvironment(subject, { question: question.replace(String(constant), String(constant + 7)) });
  },
};

export const questionDefects: readonly Defect[] = [
  anotherQuestion,
  anotherEntity,
  swappedOptions,
  loneOption,
  omittedOption,
  otherConstant,
];
