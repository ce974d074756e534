/** A tool call as a client sends it: OpenAI's `{ id, function: { name, arguments } }`, or `{ name, arguments }`. */
import { z } from "zod";
import { readJson } from "../core/trajectory/json-source.ts";
import { Refusal } from "./messages.ts";

const named = { name: z.string(), arguments: z.unknown().optional() };
const bodySchema = z.union([
  z.object({ id: z.string().optional(), function: z.object(named) }),
  z.object(named),
]);

export interface ToolCall {
  readonly id?: string;
  readonly name: string;
  /** What the model wrote; text that is no JSON stays text, for the tool to refuse. */
  readonly given: unknown;
  /** The arguments word for word, where they came as text that is JSON: Python tells 1.0 from 1. */
  readonly text?: string;
}

/** Throws a Refusal where the client, not the model, is at fault. */
export function readToolCall(body: unknown): ToolCall {
  const parsed = bodySchema.safeParse(body);
  if (!parsed.success)
    throw new Refusal(
      400,
      'the body is no tool call; send {"name": "...", "arguments": {...}} or OpenAI\'s form',
    );
  const { id, function: called } =
    "name" in parsed.data ? { id: undefined, function: parsed.data } : parsed.data;
  return {
    ...(id === undefined ? {} : { id }),
    name: called.name,
    ...readArguments(called.arguments),
  };
}

/** As training reads them, Python's NaN and Infinity included; and what nests too deep for Python, which is refused by that. */
const readings: readonly ((text: string) => unknown)[] = [
  (text) => readJson(text).value,
  (text) => JSON.parse(text),
];

function readArguments(given: unknown): Pick<ToolCall, "given" | "text"> {
  if (given === undefined) return { given: {} };
  if (typeof given !== "string") return { given };
  for (const read of readings)
    try {
      return { given: read(given), text: given };
    } catch {}
  return { given };
}
