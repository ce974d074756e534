/** Defects of which tools there are: some answer that should not, or are called what they are not. */
import type { Tool } from "../environment/environment.ts";
import { type MadeCall, madeCalls } from "../gates/calls.ts";
import { type Defect, withEnvironment, withTool } from "./defect.ts";

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
  falselyDistracting,
];
