/** An environment as a person would sketch it: a question, tools over one table of invented places, and the steps. */
import type { EnvironmentFile } from "../formats/environment-file.ts";
import type { Json } from "../json.ts";
import type { Random } from "../random.ts";
import { type HandTool, handTool, type Written } from "./hand-tools.ts";
import type { Place } from "./invented-world.ts";

export const text = { type: "string", description: "Name of a place." };
export const number = { type: "number", description: "A number." };
export const findRow =
  'if (!Object.hasOwn(table.rows, tidy(place))) fail("not_found", "there is no such place"); const row = table.rows[tidy(place)];';

export const lookup = (
  name: string,
  description: string,
  said: string,
  more: Written["properties"] = {},
): HandTool =>
  handTool({
    name,
    description,
    properties: { place: text, ...more },
    table: "places",
    body: `${findRow} return ${said};`,
  });
export const festivals = lookup(
  "festival_count",
  "How many festivals a place has, in words.",
  '["no", "one", "two", "three"][row.festivals.length] + " of them"',
);

type Call = EnvironmentFile["referenceCalls"] extends readonly (infer C)[] | undefined ? C : never;
export const value = (given: Json) => ({ value: given });
export const from = (id: string) => ({ from: id });

export interface Sketch {
  readonly question: string;
  readonly tools: readonly HandTool[];
  /** For each step: the tool, its arguments, the answer and what it needs. */
  readonly steps: readonly {
    readonly tool: string;
    readonly given: Call["arguments"];
    readonly answer: string;
    readonly type?: "number" | "list" | "date";
    readonly needs?: readonly string[];
  }[];
  readonly answer?: string;
  readonly composition?: EnvironmentFile["composition"];
  readonly table?: Json;
}

export type Shape = (places: readonly Place[], random: Random) => Sketch;

export const single = (
  question: string,
  tools: readonly HandTool[],
  given: Call["arguments"],
  answer: string,
  more: Partial<Sketch["steps"][number]> = {},
): Sketch => ({
  question,
  tools,
  steps: [{ tool: tools[0]!.document.name, given, answer, ...more }],
});
