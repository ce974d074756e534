/** The least and the greatest number that a schema allows are allowed: no tool may call them invalid, or never come to an end. */
import { leavesOf, schemaAt, withinLimits, withLeaf } from "./arguments.ts";
import { invocationOf, type MadeCall } from "./calls.ts";
import type { Case, Probe } from "./gate.ts";

/** The reference call, its defaults written out, with each of its numbers at either limit. */
export function limitProbes(subject: Case, { tool, given }: MadeCall): Probe[] {
  const { parameters, name } = tool.document;
  const defaults = Object.entries(parameters.properties).flatMap(([parameter, schema]) =>
    schema.default === undefined ? [] : [[parameter, schema.default] as const],
  );
  const whole = { ...Object.fromEntries(defaults), ...given };
  return leavesOf(whole).flatMap(({ path, value }) => {
    const schema = schemaAt(parameters, path);
    if (typeof value !== "number" || schema.enum !== undefined) return [];
    return [schema.minimum, schema.maximum]
      .filter((limit) => typeof limit === "number")
      .map((limit) => withinLimits(limit, schema))
      .map(
        (limit): Probe => ({
          tool: name,
          invocation: invocationOf(tool, withLeaf(whole, path, limit), subject),
          fault: ({ kind, text }) => {
            if (kind === "returned" || (kind === "raised" && !text.startsWith("invalid_argument: ")))
              return undefined;
            return `${limit}, which the limits of '${path.join(".")}' allow, gives '${text.slice(0, 40)}'`;
          },
        }),
      );
  });
}
