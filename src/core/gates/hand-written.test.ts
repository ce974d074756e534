/** Files as a person may write them: what is sound passes every gate, and what no gate can judge is refused in words. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createVmSandbox } from "../../../tests/support/vm-sandbox.ts";
import { type EnvironmentFile, readEnvironmentFile } from "../formats/environment-file.ts";
import { runGates } from "./run-gates.ts";
import { gateTable } from "./table.ts";

const text = readFileSync(new URL("../../../examples/environment.json", import.meta.url), "utf8");

/** The example with other texts in the place of some of its own. */
const rewritten = (...replacements: readonly (readonly [string, string])[]): EnvironmentFile =>
  JSON.parse(replacements.reduce((now, [from, to]) => now.replaceAll(from, to), text));

async function refusalOf(file: EnvironmentFile): Promise<string | undefined> {
  const [judged] = await runGates([readEnvironmentFile(file, "FILE")], gateTable, createVmSandbox());
  return judged!.failure && `${judged!.failure.gate}: ${judged!.failure.finding.evidence}`;
}

/** `country_of_capital` with a schema for `capital`, other parameters, and lines of code after its own checks. */
function ofCapital(
  capital: Record<string, string | number>,
  others: Record<string, Record<string, string | number>> = {},
  lines: readonly string[] = [],
): EnvironmentFile {
  const file = rewritten();
  const [tool, ...rest] = file.tools;
  const names = ["capital", ...Object.keys(others)];
  const code = (tool!.code as string[]).flatMap((line) => {
    if (line.startsWith("function"))
      return `function country_of_capital({ ${["capital", ...Object.entries(others).map(([name, schema]) => `${name} = ${JSON.stringify(schema.default)}`)].join(", ")} }, table) {`;
    if (line.includes("unknown_argument"))
      return `  for (const name of Object.keys(arguments[0])) if (!${JSON.stringify(names)}.includes(name)) fail("unknown_argument", "use only ${names.join(", ")}");`;
    return line.includes("const asked") ? [...lines, line] : line;
  });
  const parameters = {
    type: "object" as const,
    properties: {
      capital: { type: "string", description: "Name of a capital city.", ...capital },
      ...others,
    },
    required: ["capital"],
  };
  return { ...file, tools: [{ ...tool!, code, document: { ...tool!.document, parameters } }, ...rest] };
}

describe("a name that every object has", () => {
  it.each(["toString", "constructor", "valueOf", "__proto__", "hasOwnProperty"])(
    "is a tool's name like any other: %s",
    async (name) => {
      expect(await refusalOf(rewritten(["country_of_capital", name]))).toBeUndefined();
    },
  );

  it("is no table, argument or source where the file has none of that name", async () => {
    const [tool, ...others] = rewritten().tools;
    const tableless = { ...rewritten(), tools: [{ ...tool!, table: "constructor" }, ...others] };
    expect(await refusalOf(tableless)).toBe("documents: country_of_capital: its table is missing");
    const parameters = { ...tool!.document.parameters, required: ["capital", "toString"] };
    const undescribed = { ...tool!, document: { ...tool!.document, parameters } };
    expect(await refusalOf({ ...rewritten(), tools: [undescribed, ...others] })).toContain(
      "country_of_capital: 'toString' is required but not described",
    );
    expect(
      await refusalOf({ ...rewritten(), composition: { kind: "answer", of: "constructor" } }),
    ).toBeDefined();
  });
});

describe("a key in another alphabet or with accents", () => {
  it.each(["São Tomé", "Weißenburg", "Diyarbakır", "Αθήνα", "서울", "東京都"])(
    "is found by a tool that trims and lower-cases: %s",
    async (name) => {
      const file = rewritten(["Quito", name], ["quito", name.toLowerCase()]);
      expect(await refusalOf(file)).toBeUndefined();
    },
  );

  it("is said in a question that joins an ending to it", async () => {
    const file = rewritten(["Quito", "서울"], ["quito", "서울"]);
    const question = "서울은 어느 나라의 수도이며, 그 나라의 공식 통화는 무엇인가요?";
    expect(await refusalOf({ ...file, question })).toBeUndefined();
  });

  it("may be one of two that make up a key", async () => {
    const [tool, ...others] = rewritten(["Quito", "Belém"], ["quito", "belém"]).tools;
    const code = (tool!.code as string[]).map((line) =>
      line
        .replace("({ capital }", "({ capital, state }")
        .replace('name !== "capital"', '!["capital", "state"].includes(name)')
        .replace("use only capital", "use only capital, state")
        .replace(
          '  if (typeof capital !== "string"',
          '  if (state === undefined) fail("missing_argument", "state is required");\n  if (typeof state !== "string" || state.trim() === "") fail("invalid_argument", "state must be a non-empty string");\n  if (typeof capital !== "string"',
        )
        .replace(
          "capital.trim().toLowerCase()",
          'capital.trim().toLowerCase() + "|" + state.trim().toLowerCase()',
        ),
    );
    const { parameters } = tool!.document;
    const state = { type: "string", description: "Its state." };
    const two = {
      ...tool!,
      code,
      document: {
        ...tool!.document,
        parameters: {
          ...parameters,
          properties: { ...parameters.properties, state },
          required: ["capital", "state"],
        },
      },
    };
    const file = rewritten(
      ["Quito", "Belém"],
      ['"quito"', '"belém|pará"'],
      ['"lima"', '"lima|são josé"'],
      ['"tokyo"', '"tokyo|kantō"'],
      ['"oslo"', '"oslo|østlandet"'],
      ['"nairobi"', '"nairobi|nairobi"'],
    );
    const [first, second] = file.referenceCalls!;
    const named = { ...first!, arguments: { ...first!.arguments, state: { value: "Pará" } } };
    expect(
      await refusalOf({
        ...file,
        question: "What is the official currency of the country that Belém in Pará is the capital of?",
        referenceCalls: [named, second!],
        tools: [two, ...others],
      }),
    ).toBeUndefined();
  });
});

describe("a limit that a schema draws", () => {
  const tooLong = '  if ([...capital].length > 5) fail("invalid_argument", "capital is too long");';
  const tooShort = '  if ([...capital].length < 4) fail("invalid_argument", "capital is too short");';
  const share = {
    share: { type: "number", description: "From 0 to 1.", minimum: 0, maximum: 1, default: 0.5 },
  };
  const outside =
    '  if (typeof share !== "number" || share < 0 || share > 1) fail("invalid_argument", "share must be a number from 0 to 1");';

  it("is kept by the arguments that gates make up", async () => {
    const lengths = ofCapital({ minLength: 4, maxLength: 5 }, {}, [tooLong, tooShort]);
    expect(await refusalOf(lengths)).toBeUndefined();
    expect(await refusalOf(ofCapital({}, share, [outside]))).toBeUndefined();
  });

  it("is one that the tool has to draw as well", async () => {
    expect(await refusalOf(ofCapital({ maxLength: 5 }))).toContain("is no invalid_argument error");
    expect(await refusalOf(ofCapital({ minLength: 4, maxLength: 5 }, {}, [tooLong]))).toContain(
      "is no invalid_argument error",
    );
  });

  it("is refused by its name where no gate can make arguments for it", async () => {
    expect(await refusalOf(ofCapital({ pattern: "^[A-Z][a-z]+$" }))).toBe(
      "documents: country_of_capital: 'capital' is limited by pattern, and the gates can make no arguments that fit it: say it in the description, or list the values as an enum",
    );
    expect(await refusalOf(ofCapital({ format: "uri" }))).toContain("'capital' is limited by format \"uri\"");
    const nested = { share: { ...share.share, exclusiveMaximum: 1 } };
    expect(await refusalOf(ofCapital({}, nested, [outside]))).toContain(
      "'share' is limited by exclusiveMaximum",
    );
    expect(await refusalOf(ofCapital({ minLength: 9, maxLength: 5 }))).toContain(
      "'capital' has limits that nothing fits",
    );
  });
});
