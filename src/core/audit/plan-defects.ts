/** Defects of what an environment says: its question, documents, labels, plan and data. */
import { madeCalls } from "../gates/calls.ts";
import {
  anotherValue,
  type Defect,
  lookups,
  someLookup,
  withEnvironment,
  withTable,
  withTool,
} from "./defect.ts";

const questionLeak: Defect = {
  kind: "answer in the question",
  gate: "question-leak",
  plant: (subject, random) => {
    const { question, subQuestions } = subject.environment;
    return withEnvironment(subject, {
      question: `${question} (Hint: ${random.pick(subQuestions).answer}.)`,
    });
  },
};

const documentLeak: Defect = {
  kind: "answer in a document",
  gate: "document-leak",
  plant: (subject, random) => {
    const { tools, subQuestions } = subject.environment;
    const { document } = random.pick(tools);
    const { answer } = random.pick(subQuestions);
    return withTool(subject, document.name, (tool) => ({
      ...tool,
      document: { ...tool.document, description: `${document.description} For example: ${answer}.` },
    }));
  },
};

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

const cyclicPlan: Defect = {
  kind: "cyclic plan",
  gate: "decomposition",
  plant: (subject, random) => {
    const { subQuestions } = subject.environment;
    const from = random.integer(subQuestions.length);
    const to = from + random.integer(subQuestions.length - from);
    const needed = subQuestions[to]!.id;
    return withEnvironment(subject, {
      subQuestions: subQuestions.map((sub, i) =>
        i === from ? { ...sub, dependsOn: [...sub.dependsOn, needed] } : sub,
      ),
    });
  },
};

const forcedSequence: Defect = {
  kind: "forced sequence",
  gate: "decomposition",
  plant: (subject) => {
    const { subQuestions } = subject.environment;
    const late = subQuestions.findIndex(
      (sub, i) => i > 0 && !sub.dependsOn.includes(subQuestions[i - 1]!.id),
    );
    if (late < 0) return undefined;
    return withEnvironment(subject, {
      subQuestions: subQuestions.map((sub, i) =>
        i === late ? { ...sub, dependsOn: [...sub.dependsOn, subQuestions[i - 1]!.id] } : sub,
      ),
    });
  },
};

const copiedIntermediate: Defect = {
  kind: "an argument written out that an earlier call should give",
  gate: "decomposition",
  plant: (subject, random) => {
    const { referenceCalls, subQuestions } = subject.environment;
    const dependent = referenceCalls.filter((call) =>
      Object.values(call.arguments).some((argument) => "from" in argument),
    );
    if (dependent.length === 0) return undefined;
    const chosen = random.pick(dependent);
    const answerOf = (id: string) => subQuestions.find((sub) => sub.id === id)!.answer;
    const literal = Object.fromEntries(
      Object.entries(chosen.arguments).map(([name, argument]) => [
        name,
        "from" in argument ? { value: answerOf(argument.from) } : argument,
      ]),
    );
    return withEnvironment(subject, {
      referenceCalls: referenceCalls.map((call) =>
        call === chosen ? { ...call, arguments: literal } : call,
      ),
    });
  },
};

const idleSubQuestion: Defect = {
  kind: "a sub-question that nothing uses",
  gate: "decomposition",
  plant: (subject, random) => {
    const { subQuestions, referenceCalls } = subject.environment;
    const call = random.pick(referenceCalls);
    const sub = subQuestions.find(({ id }) => id === call.subQuestion)!;
    const id = `q${subQuestions.length + 1}`;
    return withEnvironment(subject, {
      subQuestions: [...subQuestions, { ...sub, id }],
      referenceCalls: [...referenceCalls, { ...call, subQuestion: id }],
    });
  },
};

const wrongShape: Defect = {
  kind: "scenario type that is not its shape",
  gate: "decomposition",
  plant: (subject) =>
    withEnvironment(subject, {
      scenario: subject.environment.scenario === "multi_hop" ? "parallel_single_hop" : "multi_hop",
    }),
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
      { aliases: { ...table.aliases }, rows },
    );
  },
};

const signatureDrift: Defect = {
  kind: "signature drift",
  gate: "documents",
  plant: (subject, random) => {
    const { tools } = subject.environment;
    const { document } = random.pick(tools);
    const { properties, required } = document.parameters;
    const name = random.pick(Object.keys(properties));
    const renamed = (other: string) => (other === name ? `${name}_id` : other);
    return withTool(subject, document.name, (tool) => ({
      ...tool,
      document: {
        ...tool.document,
        parameters: {
          type: "object",
          properties: Object.fromEntries(
            Object.entries(properties).map(([key, schema]) => [renamed(key), schema]),
          ),
          required: required.map(renamed),
        },
      },
    }));
  },
};

const answeringDistractor: Defect = {
  kind: "distractor that answers",
  gate: "distractors",
  plant: (subject, random) => {
    const call = random.pick(madeCalls(subject));
    const { name } = call.tool.document;
    const twin = `${name}_v2`;
    const copy = {
      ...call.tool,
      document: { ...call.tool.document, name: twin },
      code: call.tool.code.replace(`function ${name}(`, `function ${twin}(`),
      distractor: true,
    };
    return withEnvironment(subject, { tools: [...subject.environment.tools, copy] });
  },
};

const wrongReference: Defect = {
  kind: "reference call that asks for something else",
  gate: "oracle",
  plant: (subject, random) => {
    const call = someLookup(subject, random);
    if (!call) return undefined;
    const { referenceCalls } = subject.environment;
    const { key, own, table, field } = call.facts;
    const [argument, ...deeper] = key.path;
    const others = Object.keys(table.rows).filter(
      (name) => name !== own && String(table.rows[name]![field]) !== call.sub.answer,
    );
    const original = referenceCalls.find(({ subQuestion }) => subQuestion === call.sub.id)!;
    if (deeper.length > 0 || others.length === 0 || !("value" in original.arguments[argument!]!))
      return undefined;
    const changed = { ...original.arguments, [argument!]: { value: random.pick(others) } };
    return withEnvironment(subject, {
      referenceCalls: referenceCalls.map((one) => (one === original ? { ...one, arguments: changed } : one)),
    });
  },
};

export const planDefects: readonly Defect[] = [
  questionLeak,
  documentLeak,
  wrongLabel,
  wrongFinalAnswer,
  staleData,
  cyclicPlan,
  forcedSequence,
  copiedIntermediate,
  idleSubQuestion,
  wrongShape,
  shortAnswer,
  signatureDrift,
  answeringDistractor,
  wrongReference,
];
