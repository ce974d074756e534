/** Defects of what an environment says of itself: answers given away, and plans that are none. */
import { sha256 } from "../hash.ts";
import type { Json } from "../json.ts";
import { around, type Defect, lookups, someLookup, withEnvironment, withTable, withTool } from "./defect.ts";

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

/** A call that was made already, a calculator's included, or one about another row. */
const idleSubQuestion: Defect = {
  kind: "a sub-question that nothing uses",
  gate: "decomposition",
  plant: (subject, random) => {
    const { subQuestions, referenceCalls } = subject.environment;
    const call = random.pick(referenceCalls);
    const sub = subQuestions.find(({ id }) => id === call.subQuestion)!;
    const looked = lookups(subject).find((one) => one.sub === sub);
    const id = `q${subQuestions.length + 1}`;
    const again = withEnvironment(subject, {
      subQuestions: [...subQuestions, { ...sub, id }],
      referenceCalls: [...referenceCalls, { ...call, subQuestion: id }],
    });
    const [argument, ...deeper] = looked?.facts.key.path ?? [];
    if (!looked || argument === undefined || deeper.length > 0 || random.next() < 0.5) return again;
    const { rows } = looked.facts.table;
    const other = random.pick(Object.keys(rows));
    const answer = String(rows[other]![looked.facts.field]);
    const asked = { ...call.arguments, [argument]: { value: other } };
    return withEnvironment(subject, {
      subQuestions: [...subQuestions, { ...sub, id, dependsOn: [], answer }],
      referenceCalls: [...referenceCalls, { ...call, subQuestion: id, arguments: asked }],
    });
  },
};

/** One call answers both, and the label says both. */
const twoColumns: Defect = {
  kind: "a sub-question that two columns answer",
  gate: "decomposition",
  plant: (subject, random) => {
    const { composition, subQuestions } = subject.environment;
    const call = lookups(subject).find(
      ({ sub, facts: { table, own, field } }) =>
        composition.kind === "answer" &&
        composition.of === sub.id &&
        String(table.rows[own]![field]) === sub.answer,
    );
    if (!call) return undefined;
    const { table, own, field } = call.facts;
    const note = random.pick(["since", "source", "rank"]);
    const notes = Object.entries(table.rows).map(([key, row]) => [
      key,
      { ...row, [note]: `${note} ${sha256(String(row[field])).slice(0, 6)}` },
    ]);
    const rows = Object.fromEntries(notes) as typeof table.rows;
    const { name } = call.tool.document;
    const told = withTool(withTable(subject, name, { ...table, rows } as unknown as Json), name, (tool) =>
      around(tool, {
        after: `if ($error) throw $error; const $row = Object.values(table.rows).find((row) => String(row[${JSON.stringify(field)}]) === $result); return $row === undefined ? $result : $result + ", " + $row.${note};`,
      }),
    );
    const answer = `${call.sub.answer}, ${rows[own]![note]}`;
    const question = `${call.sub.question.replace(/\?$/, "")} and its ${note}?`;
    const relabelled = subQuestions.map((sub) =>
      sub.id === call.sub.id ? { ...sub, answer, question } : sub,
    );
    return withEnvironment(told, { answer, subQuestions: relabelled });
  },
};

const twoQuestions: Defect = {
  kind: "a sub-question that asks two questions",
  gate: "decomposition",
  plant: (subject, random) => {
    const { subQuestions } = subject.environment;
    const chosen = random.pick(subQuestions);
    const more = random.pick([", and how is that known?", " and since when?", "? And elsewhere?"]);
    const question = chosen.question.replace(/\?$/, more);
    return withEnvironment(subject, {
      subQuestions: subQuestions.map((sub) => (sub === chosen ? { ...sub, question } : sub)),
    });
  },
};

/** In an optional parameter's default or among its choices. */
const leakInParameter: Defect = {
  kind: "answer in a default or an enum",
  gate: "document-leak",
  plant: (subject, random) => {
    const { tools, subQuestions } = subject.environment;
    const { document } = random.pick(tools);
    const { answer } = random.pick(subQuestions);
    const schema =
      random.next() < 0.5
        ? { type: "string", default: answer }
        : { type: "string", enum: ["any", answer], default: "any" };
    const { parameters } = document;
    return withTool(subject, document.name, (tool) => ({
      ...tool,
      document: {
        ...document,
        parameters: { ...parameters, properties: { ...parameters.properties, like: schema } },
      },
      code: tool.code.replace("({ ", `({ like = ${JSON.stringify(schema.default)}, `),
    }));
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

/** The question asks for it as well, so that only the label disagrees. */
const wrongReference: Defect = {
  kind: "reference call that asks for something else",
  gate: "oracle",
  plant: (subject, random) => {
    const call = someLookup(subject, random);
    if (!call) return undefined;
    const { referenceCalls, question } = subject.environment;
    const { key, own, table, field } = call.facts;
    const [argument, ...deeper] = key.path;
    const others = Object.keys(table.rows).filter(
      (name) => name !== own && String(table.rows[name]![field]) !== call.sub.answer,
    );
    const original = referenceCalls.find(({ subQuestion }) => subQuestion === call.sub.id)!;
    if (deeper.length > 0 || others.length === 0 || !("value" in original.arguments[argument!]!))
      return undefined;
    const other = random.pick(others);
    const changed = { ...original.arguments, [argument!]: { value: other } };
    return withEnvironment(subject, {
      question: question.replaceAll(String(key.value), other),
      referenceCalls: referenceCalls.map((one) => (one === original ? { ...one, arguments: changed } : one)),
    });
  },
};

export const planDefects: readonly Defect[] = [
  questionLeak,
  documentLeak,
  leakInParameter,
  cyclicPlan,
  forcedSequence,
  copiedIntermediate,
  idleSubQuestion,
  twoColumns,
  twoQuestions,
  wrongShape,
  signatureDrift,
  wrongReference,
];
