/** Changes that nobody could object to: an environment that was sound is sound after each of them. */
import {
  around,
  openings,
  type Rewrite,
  someLookup,
  withEnvironment,
  withTable,
  withTool,
} from "./defect.ts";

const reordered = <T>(record: Readonly<Record<string, T>>, shuffle: <U>(items: readonly U[]) => U[]) =>
  Object.fromEntries(shuffle(Object.entries(record)));

export const rewrites: readonly Rewrite[] = [
  {
    kind: "another wording of the question",
    rewrite: (subject, random) => {
      const question = random.pick(openings) + subject.environment.question;
      return withEnvironment(subject, { question });
    },
  },
  {
    kind: "tools renamed",
    rewrite: (subject, random) => {
      const suffix = random.pick(["_api", "_v3", "Now"]);
      const { tools, subQuestions, referenceCalls } = subject.environment;
      return withEnvironment(subject, {
        tools: tools.map((tool) => {
          const { name } = tool.document;
          return {
            ...tool,
            document: { ...tool.document, name: name + suffix },
            code: tool.code.replace(`function ${name}(`, `function ${name}${suffix}(`),
          };
        }),
        subQuestions: subQuestions.map((sub) => ({ ...sub, tool: sub.tool + suffix })),
        referenceCalls: referenceCalls.map((call) => ({ ...call, tool: call.tool + suffix })),
      });
    },
  },
  {
    kind: "tools and parameters in another order",
    rewrite: (subject, random) =>
      withEnvironment(subject, {
        tools: random.shuffle(subject.environment.tools).map((tool) => {
          const { properties, required } = tool.document.parameters;
          const parameters = {
            type: "object" as const,
            properties: reordered(properties, random.shuffle),
            required: random.shuffle(required),
          };
          return { ...tool, document: { ...tool.document, parameters } };
        }),
      }),
  },
  {
    kind: "a longer description",
    rewrite: (subject, random) => {
      const { document } = random.pick(subject.environment.tools);
      return withTool(subject, document.name, (tool) => ({
        ...tool,
        document: { ...tool.document, description: `${document.description} Takes one request at a time.` },
      }));
    },
  },
  {
    kind: "an optional parameter more",
    rewrite: (subject, random) => {
      const { document } = random.pick(subject.environment.tools);
      const known = `[${Object.keys(document.parameters.properties)
        .map((name) => JSON.stringify(name))
        .join(",")}]`;
      return withTool(subject, document.name, (tool) => ({
        ...tool,
        document: {
          ...tool.document,
          parameters: {
            ...document.parameters,
            properties: { ...document.parameters.properties, verbose: { type: "boolean", default: false } },
          },
        },
        code: tool.code
          .replace("({ ", "({ verbose = false, ")
          .replace(known, known.replace("]", `,"verbose"]`))
          .replace(
            "const $fail",
            'if (typeof verbose !== "boolean") throw new Error("invalid_argument: verbose must be true or false");\n  const $fail',
          ),
      }));
    },
  },
  {
    kind: "code written another way",
    rewrite: (subject) =>
      withEnvironment(subject, {
        tools: subject.environment.tools.map((tool) => {
          const renamed = {
            ...tool,
            code: tool.code.replaceAll("$row", "found").replaceAll("$tidy", "normal"),
          };
          return around(renamed, { before: "// reads one row of the table" });
        }),
      }),
  },
  {
    kind: "table rows in another order, some gone",
    rewrite: (subject, random) => {
      const call = someLookup(subject, random);
      if (!call) return undefined;
      const { table, own } = call.facts;
      const used = new Set([
        own,
        ...subject.environment.subQuestions.map(({ answer }) => answer.toLowerCase()),
      ]);
      const kept = Object.entries(table.rows).filter(([key]) => used.has(key) || random.next() < 0.8);
      const present = new Set(kept.map(([key]) => key));
      const aliases = Object.entries(table.aliases).filter(([, key]) => present.has(key));
      const isShared = subject.environment.referenceCalls.filter(
        ({ tool }) => tool === call.tool.document.name,
      );
      // Another call of the tool may need a row that went.
      if (isShared.length > 1) return undefined;
      return withTable(subject, call.tool.document.name, {
        aliases: Object.fromEntries(aliases),
        rows: Object.fromEntries(random.shuffle(kept)),
      });
    },
  },
];
