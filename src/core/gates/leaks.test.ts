import { describe, expect, it } from "vitest";
import { judge } from "../../../tests/support/judge.ts";
import { caseOf, chainCandidate, comparisonCandidate, withTool } from "../../../tests/support/small-world.ts";
import { documentLeakGate, questionLeakGate } from "./leaks.ts";

const sound = caseOf(chainCandidate);
const asking = (question: string) => caseOf({ ...chainCandidate, question });

describe("the question leak gate", () => {
  it("passes a question that names none of its answers", async () => {
    expect((await judge(questionLeakGate, sound)).verdict).toBe("pass");
  });

  it("catches the final answer and an intermediate one, in any case", async () => {
    expect((await judge(questionLeakGate, asking("Is it the eur in Lyon?"))).evidence).toBe(
      "'EUR' stands in the question",
    );
    expect((await judge(questionLeakGate, asking("What money has Lyon in FRANCE?"))).evidence).toBe(
      "'France' stands in the question",
    );
  });

  it("lets a comparison name its options", async () => {
    expect(await judge(questionLeakGate, caseOf(comparisonCandidate))).toEqual({
      verdict: "pass",
      evidence: "comparison of 3 named options",
    });
  });

  it("refuses a comparison that does not name its options", async () => {
    const subject = caseOf({ ...comparisonCandidate, question: "Japan or Norway?" });
    expect((await judge(questionLeakGate, subject)).evidence).toContain("'Ethiopia' is not named");
  });
});

describe("the document leak gate", () => {
  it("passes documents that say what a tool does", async () => {
    expect((await judge(documentLeakGate, sound)).verdict).toBe("pass");
  });

  it("catches an answer in a description, an enum or a default, and blames the tool", async () => {
    const told = withTool(sound, "get_money", ({ document }) => ({
      document: { ...document, description: "Money code, e.g. EUR for France." },
    }));
    const finding = await judge(documentLeakGate, told);
    expect(finding.evidence).toContain("get_money: its document holds 'EUR'");
    expect(finding.tools).toEqual(["get_money"]);
    const listed = withTool(sound, "find_seat", ({ document }) => ({
      document: {
        ...document,
        parameters: {
          ...document.parameters,
          properties: { country: { type: "string", enum: ["France", "Japan"] } },
        },
      },
    }));
    expect((await judge(documentLeakGate, listed)).evidence).toContain(
      "find_seat: its document holds 'France'",
    );
  });

  it("takes neither JSON Schema's own words nor a part of another word for an answer", async () => {
    const subQuestions = sound.environment.subQuestions.map((sub) =>
      sub.id === "q2" ? { ...sub, answer: "red" } : sub,
    );
    const described = withTool(sound, "get_money", ({ document }) => ({
      document: { ...document, description: "The colour of a required form." },
    }));
    const environment = { ...described.environment, subQuestions, answer: "red" };
    expect(await judge(documentLeakGate, { ...described, environment })).toMatchObject({ verdict: "pass" });
    const inDefault = withTool(sound, "get_money", ({ document }) => ({
      document: {
        ...document,
        parameters: {
          ...document.parameters,
          properties: { country: { type: "object", default: { red: 1 } } },
        },
      },
    }));
    const leaking = { ...inDefault.environment, subQuestions, answer: "red" };
    expect((await judge(documentLeakGate, { ...inDefault, environment: leaking })).evidence).toContain(
      "get_money: its document holds 'red'",
    );
  });

  it.each([
    ["a default", { country: { type: "object", default: { type: "EUR" } } }],
    ["a choice", { country: { type: "object", enum: [{ type: "EUR" }] } }],
    [
      "a parameter named like one of JSON Schema's words",
      { default: { type: "string", description: "EUR" } },
    ],
  ])("catches an answer in %s", async (_, properties) => {
    const told = withTool(sound, "get_money", ({ document }) => ({
      document: { ...document, parameters: { ...document.parameters, properties } },
    }));
    expect((await judge(documentLeakGate, told)).evidence).toContain("get_money: its document holds 'EUR'");
  });

  it("takes the type of a parameter for no answer, whatever the parameter is called", async () => {
    const subQuestions = sound.environment.subQuestions.map((sub) =>
      sub.id === "q2" ? { ...sub, answer: "string" } : sub,
    );
    for (const name of ["default", "enum", "properties", "type"]) {
      const named = withTool(sound, "get_money", ({ document }) => ({
        document: {
          ...document,
          parameters: { ...document.parameters, properties: { [name]: { type: "string" } } },
        },
      }));
      const environment = { ...named.environment, subQuestions, answer: "string" };
      expect(await judge(documentLeakGate, { ...named, environment })).toMatchObject({ verdict: "pass" });
    }
  });

  it("reads neither the places of choices nor a choice and the next name as one text", async () => {
    const choosing = withTool(sound, "get_money", ({ document }) => ({
      document: {
        ...document,
        parameters: {
          ...document.parameters,
          properties: {
            kind: { type: "string", enum: Array.from({ length: 101 }, () => "wild") },
            honey: { type: "string" },
          },
        },
      },
    }));
    for (const answer of ["wild honey", "100"]) {
      const subQuestions = sound.environment.subQuestions.map((sub) =>
        sub.id === "q2" ? { ...sub, answer } : sub,
      );
      const environment = { ...choosing.environment, subQuestions, answer };
      expect(await judge(documentLeakGate, { ...choosing, environment })).toMatchObject({ verdict: "pass" });
    }
  });

  it("catches an answer with a quote in it, which JSON would write otherwise", async () => {
    const subQuestions = sound.environment.subQuestions.map((sub) =>
      sub.id === "q2" ? { ...sub, answer: 'the "real"' } : sub,
    );
    const quoting = withTool(sound, "get_money", ({ document }) => ({
      document: { ...document, description: 'Money, such as the "real".' },
    }));
    const environment = { ...quoting.environment, subQuestions, answer: 'the "real"' };
    expect((await judge(documentLeakGate, { ...quoting, environment })).evidence).toContain(
      `get_money: its document holds 'the "real"'`,
    );
  });
});
