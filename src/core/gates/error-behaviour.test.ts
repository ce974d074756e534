import { describe, expect, it } from "vitest";
import { evidence } from "../../../tests/support/judge.ts";
import { caseOf, rigged, sumCandidate, withTool } from "../../../tests/support/small-world.ts";
import { errorBehaviourGate } from "./error-behaviour.ts";

const sum = caseOf(sumCandidate);

describe("the error behaviour gate", () => {
  it("catches a tool that swallows unknown arguments", async () => {
    expect(await evidence(errorBehaviourGate, rigged("return $original({ country }, table);"))).toContain(
      "is no unknown_argument error",
    );
  });

  it("catches errors that repeat what was passed, that leak, or that have no kind", async () => {
    const wrapped = (message: string) =>
      rigged(`try { return $original(arguments[0], table); } catch (error) { throw new Error(${message}); }`);
    expect(
      await evidence(errorBehaviourGate, wrapped("error.message + ' in ' + JSON.stringify(arguments[0])")),
    ).toContain("an error repeats what was passed");
    expect(await evidence(errorBehaviourGate, wrapped("error.message + '; try eur'"))).toContain(
      "an error says 'EUR'",
    );
    expect(await evidence(errorBehaviourGate, wrapped("'oops'"))).toContain("is no unknown_argument error");
  });
});

describe("the error behaviour gate on one argument of many", () => {
  const adding = (body: string) =>
    withTool(sum, "add", ({ code }) => ({ code: code.replace("{\n", `{\n${body}\n`) }));

  it("catches a second argument that is taken for granted, and nothing that is taken for a value", async () => {
    expect(
      await evidence(errorBehaviourGate, adding('if (arguments[0].b === undefined) return "0";')),
    ).toContain("no missing_argument error");
    expect(await evidence(errorBehaviourGate, adding('if (a === null) return "0";'))).toContain(
      "no invalid_argument error",
    );
  });

  it("catches an error that repeats the name it did not find", async () => {
    const repeating = rigged(
      'try { return $original(arguments[0], table); } catch (error) { throw new Error(error.message + (error.message.startsWith("not_found") ? ": " + country : "")); }',
    );
    expect(await evidence(errorBehaviourGate, repeating)).toContain("an error repeats what was passed");
  });
});
