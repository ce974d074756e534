/** The least and the greatest number that a schema allows are allowed: no tool may call them invalid, or never come to an end. */
import { canonicalJson, type JsonObject } from "../json.ts";
import type { ToolOutcome } from "../ports/sandbox.ts";
import { leavesOf, schemaAt, withinLimits, withLeaf } from "./arguments.ts";
import { invocationOf, type MadeCall } from "./calls.ts";
import type { Case, Probe, Readings } from "./gate.ts";

const sides = ["minimum", "maximum"] as const;

/**
 * The reference call, its defaults written out, with each of its numbers at either limit. A number that others are tied to
 * (`from <= to`) may be refused there alone, where it is answered once all of the others are at one of their limits too.
 */
export function limitReadings(subject: Case, { tool, given }: MadeCall): Readings[] {
  const { parameters, name } = tool.document;
  const defaults = Object.entries(parameters.properties).flatMap(([parameter, schema]) =>
    schema.default === undefined ? [] : [[parameter, schema.default] as const],
  );
  const whole: JsonObject = { ...Object.fromEntries(defaults), ...given };
  const numbers = leavesOf(whole).flatMap(({ path, value }) => {
    const schema = schemaAt(parameters, path);
    if (typeof value !== "number" || schema.enum !== undefined) return [];
    const limits = sides.map((side) => {
      const limit = schema[side];
      return typeof limit === "number" ? withinLimits(limit, schema) : undefined;
    });
    return [{ path, limits }];
  });
  const probe = (asked: JsonObject, fault: Probe["fault"]): Probe => ({
    ...{ tool: name, invocation: invocationOf(tool, asked, subject), fault },
  });
  /** Calls that several numbers come to are made once. */
  const known = new Map<string, Probe>();
  const answered = (asked: JsonObject): Probe => {
    const text = canonicalJson(asked);
    const made = known.get(text) ?? probe(asked, unanswered);
    known.set(text, made);
    return made;
  };
  return numbers.flatMap((number) =>
    number.limits.flatMap((limit): Readings[] => {
      if (limit === undefined) return [];
      const alone = withLeaf(whole, number.path, limit);
      const withOthersAt = sides.map((_, side) =>
        numbers.reduce((asked, other) => {
          const moved = other === number ? undefined : other.limits[side];
          return moved === undefined ? asked : withLeaf(asked, other.path, moved);
        }, alone),
      );
      const where = `the limits of '${number.path.join(".")}' allow`;
      return [
        [
          [probe(alone, (outcome) => refused(outcome) && `${limit}, which ${where}, ${saidBy(outcome)}`)],
          ...(numbers.length > 1 ? withOthersAt.map((asked) => [answered(asked)]) : []),
        ],
      ];
    }),
  );
}

const saidBy = ({ text }: ToolOutcome) => `gives '${text.slice(0, 40)}'`;

const unanswered = (outcome: ToolOutcome) =>
  outcome.kind === "returned" ? undefined : `numbers at their limits: ${saidBy(outcome)}`;

function refused({ kind, text }: ToolOutcome): true | undefined {
  const isAllowed = kind === "returned" || (kind === "raised" && !text.startsWith("invalid_argument: "));
  return isAllowed ? undefined : true;
}
