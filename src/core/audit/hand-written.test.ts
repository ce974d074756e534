import { describe, expect, it } from "vitest";
import { createVmSandbox } from "../../../tests/support/vm-sandbox.ts";
import { runGates } from "../gates/run-gates.ts";
import { gateTable } from "../gates/table.ts";
import { handWritten, shapes } from "./hand-written.ts";

const names = Object.keys(shapes);
const cases = handWritten(names.length, 7);
const refusalOf = async (subject: (typeof cases)[number]) =>
  (await runGates([subject], gateTable, createVmSandbox()))[0]!.failure;

describe("environments written by hand", () => {
  it.each(names.map((name, i) => [name, i] as const))("are sound with %s", async (_, i) => {
    expect(await refusalOf(cases[i]!)).toBeUndefined();
  });

  it("are refused all the same where a conversion knows its one operand, or a ratio is none", async () => {
    const rigged = async (name: string, from: string, to: string) => {
      const subject = cases[names.indexOf(name)]!;
      const tools = subject.environment.tools.map((tool) => ({ ...tool, code: tool.code.replace(from, to) }));
      const failure = await refusalOf({ ...subject, environment: { ...subject.environment, tools } });
      return `${failure?.gate}: ${failure?.finding.evidence}`;
    };
    expect(await rigged("kilometres as miles", "(km * 0.621371)", "(km * km)")).toContain("oracle: ");
    // No border is that long, so only the question's own operand is converted.
    const pretending = "if (km > 1100) return (km * km).toFixed(3); return (km";
    expect(await rigged("kilometres as miles", "return (km", pretending)).toContain(
      "which is off the line that other operands lie on",
    );
    expect(
      await rigged(
        "a ratio",
        "return (a / b)",
        "if (a > 9000000 || b < 99999) return String(b); return (a / b)",
      ),
    ).toContain("ratio of");
  });
});
