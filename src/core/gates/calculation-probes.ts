/** What a calculator must give for other operands: what explains its reference answer explains all its results. */
import type { Json } from "../json.ts";
import type { Random } from "../random.ts";
import { isBeyondLimits, type Leaf, operandLeaves, schemaAt, withinLimits, withLeaf } from "./arguments.ts";
import { invocationOf, type MadeCall } from "./calls.ts";
import {
  type Converted,
  conversionFault,
  explanationOf,
  freshOperand,
  numberIn,
  saysResult,
} from "./explanations.ts";
import { type Case, type Probe, type Readings, textOf } from "./gate.ts";

const freshCalls = 20;

/** Or why nothing explains the answer. */
export function calculationReadings(subject: Case, call: MadeCall, random: Random): Readings | string {
  const { tool, given, sub } = call;
  const leaves = operandLeaves(given);
  const operands = leaves.map(({ value }) => value);
  const explanation = explanationOf(operands, sub.answer);
  if (explanation) {
    const kinds = explanation.kindsOf(operands.length);
    const probes = Array.from({ length: freshCalls }, (): Probe => {
      const fresh = kinds.map((kind, i) => fitted(freshOperand(kind, random), call, leaves[i]!.path, random));
      const other = leaves.reduce((at, { path }, i) => withLeaf(at, path, fresh[i]!), given);
      const expected = explanation.of(fresh);
      return {
        tool: tool.document.name,
        invocation: invocationOf(tool, other, subject),
        fault: (outcome) =>
          expected === undefined || saysResult(textOf(outcome), expected)
            ? undefined
            : `${explanation.name} of ${fresh.join(", ")} is not ${expected}`,
      };
    });
    return [probes];
  }
  const [operand, ...others] = leaves;
  if (typeof operand?.value === "number" && others.length === 0 && numberIn(sub.answer))
    return [conversionProbes(subject, call, operand, random)];
  return `${tool.document.name}: '${sub.answer}' follows neither from a table nor from its operands`;
}

/** The last of them looks at all: the reference answer has to lie on the line of what other operands give. */
function conversionProbes(subject: Case, call: MadeCall, { path, value }: Leaf, random: Random): Probe[] {
  const { tool, given, sub } = call;
  const points: Converted[] = [{ operand: Number(value), text: sub.answer }];
  return Array.from({ length: freshCalls }, (_, i): Probe => {
    const fresh = fitted(freshOperand("number", random), call, path, random) as number;
    return {
      tool: tool.document.name,
      invocation: invocationOf(tool, withLeaf(given, path, fresh), subject),
      fault: (outcome) => {
        points.push({ operand: fresh, text: textOf(outcome) });
        return i === freshCalls - 1 ? conversionFault(points) : undefined;
      },
    };
  });
}

/** Whole where the schema wants whole numbers, and within its limits. */
function fitted(value: Json, { tool }: MadeCall, path: readonly (string | number)[], random: Random): Json {
  if (typeof value !== "number") return value;
  const schema = schemaAt(tool.document.parameters, path);
  const { minimum, maximum } = schema;
  const low = typeof minimum === "number" ? minimum : undefined;
  const high = typeof maximum === "number" ? maximum : undefined;
  const isOutside = isBeyondLimits(value, schema);
  const from = low ?? Math.min(0, (high ?? 0) - 1_000_000);
  const within = isOutside ? from + random.next() * ((high ?? from + 1_000_000) - from) : value;
  return withinLimits(within, schema);
}
