/** Defects of which tools there are: some answer that should not, or are called what they are not. */
import type { Tool } from "../environment/environment.ts";
import { leavesOf } from "../gates/arguments.ts";
import { type MadeCall, madeCalls } from "../gates/calls.ts";
import type { Json } from "../json.ts";
import { answerMatches } from "../reward/match.ts";
import { around, type Defect, lookups, withEnvironment, withTable, withTool } from "./defect.ts";

/** A tool that answers, under another name; `change` makes it what it should not be. */
const twinOf = (call: MadeCall, change: (twin: Tool) => Tool): Tool => {
  const { name } = call.tool.document;
  const twin = `${name}_v2`;
  return change({
    ...call.tool,
    document: { ...call.tool.document, name: twin },
    code: call.tool.code.replace(`function ${name}(`, `function ${twin}(`),
    distractor: true,
  });
};

const withTwin = (kind: string, gate: string, change: (twin: Tool) => Tool): Defect => ({
  kind,
  gate,
  plant: (subject, random) => {
    const twin = twinOf(random.pick(madeCalls(subject)), change);
    return withEnvironment(subject, { tools: [...subject.environment.tools, twin] });
  },
});

const answeringDistractor = withTwin("distractor that answers", "distractors", (twin) => twin);

const answeringIdleTool = withTwin(
  "a tool that answers, owns nothing and is no distractor",
  "decomposition",
  (twin) => ({ ...twin, distractor: false }),
);

/** Says nothing of use until an optional argument asks for it. */
const selectedDistractor = withTwin(
  "distractor that answers when an option says so",
  "distractors",
  (twin) => {
    const { parameters } = twin.document;
    const wanted = { type: "string", enum: ["nothing", "everything"], default: "nothing" };
    return {
      ...twin,
      document: {
        ...twin.document,
        parameters: { ...parameters, properties: { ...parameters.properties, extent: wanted } },
      },
      code: twin.code
        .replace(
          "const $fail",
          'if (!["nothing", "everything"].includes(extent)) throw new Error("invalid_argument: extent must be one of the listed values");\n  const $fail',
        )
        .replace("({ ", '({ extent = "nothing", ')
        .replaceAll(/\[("[^\]]*")\]\.includes\(\$name\)/g, '[$1,"extent"].includes($name)')
        .replace("return ", 'if (extent === "nothing") return "nothing asked for";\n  return '),
    };
  },
);

/** Beside its own answer it says, from a column of its own, what a later call of another tool is there to find out. */
const shortcut: Defect = {
  kind: "a tool that says another's answer beside its own",
  gate: "distractors",
  plant: (subject, random) => {
    const found = lookups(subject).flatMap((call) =>
      subject.environment.subQuestions
        .filter(({ dependsOn, tool, answer }) => {
          const own = [call.sub.answer, ...leavesOf(call.given).map(({ value }) => String(value))];
          const isNew = tool !== call.tool.document.name && !own.some((said) => answerMatches(answer, said));
          return dependsOn.includes(call.sub.id) && isNew;
        })
        .map(({ answer }) => ({ call, answer })),
    );
    if (found.length === 0) return undefined;
    const { call, answer } = random.pick(found);
    const { table, own } = call.facts;
    const { name } = call.tool.document;
    const told = { ...table, rows: { ...table.rows, [own]: { ...table.rows[own]!, also: answer } } };
    return withTool(withTable(subject, name, told as unknown as Json), name, (tool) =>
      around(tool, {
        after:
          "if ($error) throw $error; const $row = Object.values(table.rows).find((row) => row.also !== undefined); " +
          "return Object.values($row).some((value) => String($result).includes(String(value))) ? $result + ' (' + $row.also + ')' : $result;",
      }),
    );
  },
};

const falselyDistracting: Defect = {
  kind: "a tool that owns a sub-answer and is called a distractor",
  gate: "decomposition",
  plant: (subject, random) => {
    const { tool } = random.pick(madeCalls(subject));
    return withTool(subject, tool.document.name, (one) => ({ ...one, distractor: true }));
  },
};

export const toolsetDefects: readonly Defect[] = [
  answeringDistractor,
  selectedDistractor,
  answeringIdleTool,
  shortcut,
  falselyDistracting,
];
