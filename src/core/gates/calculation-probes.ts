/** What a calculator must give for other operands: what explains its reference answer explains all its results. */
import type { OperandKind } from "../environment/calculation.ts";
import type { Json } from "../json.ts";
import { type Random, seededRandom } from "../random.ts";
import { isBeyondLimits, type Leaf, operandLeaves, schemaAt, withinLimits, withLeaf } from "./arguments.ts";
import { invocationOf, type MadeCall } from "./calls.ts";
import {
  type Converted,
  conversionFault,
  type Explanation,
  explanationsOf,
  freshOperand,
  numberIn,
  saysResult,
  unusualOperands,
} from "./explanations.ts";
import { type Case, type Probe, type Readings, textOf } from "./gate.ts";

const freshCalls = 20;

/** What explains the answer may be one of several operations, of which one has to hold; or why nothing explains it. */
export function calculationReadings(subject: Case, call: MadeCall, random: Random): Readings | string {
  const { tool, given, sub } = call;
  const leaves = operandLeaves(given);
  const explanations = explanationsOf(
    leaves.map(({ value }) => value),
    sub.answer,
  );
  if (explanations.length > 0) {
    const seed = random.integer(2 ** 31);
    return explanations.map((one) => operationProbes(subject, call, leaves, one, seededRandom(seed)));
  }
  const [operand, ...others] = leaves;
  if (typeof operand?.value === "number" && others.length === 0 && numberIn(sub.answer))
    return [conversionProbes(subject, call, operand, random)];
  return `${tool.document.name}: '${sub.answer}' follows neither from a table nor from its operands`;
}

/** Usual operands, and some that a tool may refuse, but not get wrong. */
function operationProbes(
  subject: Case,
  call: MadeCall,
  leaves: readonly Leaf[],
  explanation: Explanation,
  random: Random,
): Probe[] {
  const { tool, given } = call;
  const kinds = explanation.kindsOf(leaves.length);
  const drawn = Array.from({ length: freshCalls }, (_, i) =>
    kinds.map((kind, at) => otherOperand(kind, leaves[at]!.value, i, random)),
  );
  const probeOf = (operands: readonly Json[], mayRefuse: boolean): Probe => {
    const fresh = operands.map((operand, i) => fitted(operand, call, leaves[i]!.path, random));
    const other = leaves.reduce((at, { path }, i) => withLeaf(at, path, fresh[i]!), given);
    const expected = explanation.of(fresh);
    return {
      tool: tool.document.name,
      invocation: invocationOf(tool, other, subject),
      fault: (outcome) =>
        expected === undefined ||
        (mayRefuse && outcome.kind !== "returned") ||
        saysResult(textOf(outcome), expected)
          ? undefined
          : `${explanation.name} of ${fresh.join(", ")} is not ${expected}`,
    };
  };
  return [
    ...drawn.map((operands) => probeOf(operands, false)),
    ...unusualOperands(explanation, drawn[0]!).map((operands) => probeOf(operands, true)),
  ];
}

/** The last of them looks at all: the reference answer has to lie on the line of what other operands give. */
function conversionProbes(subject: Case, call: MadeCall, { path, value }: Leaf, random: Random): Probe[] {
  const { tool, given, sub } = call;
  const points: Converted[] = [{ operand: Number(value), text: sub.answer }];
  return Array.from({ length: freshCalls }, (_, i): Probe => {
    const fresh = fitted(otherOperand("number", value, i, random), call, path, random) as number;
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

/** Every other one about as large as the reference call's, for a branch may know sizes; of a decimal at most, as results are rounded. */
function otherOperand(kind: OperandKind, own: Json, turn: number, random: Random): number | string {
  const isLike = kind === "number" && typeof own === "number" && turn % 2 === 1;
  // A small one would be 0, which is unusual.
  return (isLike && Math.round(10 * own * (0.5 + random.next())) / 10) || freshOperand(kind, random);
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
