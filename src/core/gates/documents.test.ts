import { describe, expect, it } from "vitest";
import { judge } from "../../../tests/support/judge.ts";
import { caseOf, chainCandidate, withParameter, withTool } from "../../../tests/support/small-world.ts";
import type { Json } from "../json.ts";
import { documentsGate } from "./documents.ts";

const levels = { ...chainCandidate.levels, generalization: 1, parameters: 4, parameterTypes: 2 as const };
const sound = caseOf({ ...chainCandidate, levels });
const plain = caseOf(chainCandidate);
const ofMoney = (change: Parameters<typeof withTool>[2]) =>
  judge(documentsGate, withTool(plain, "get_money", change));

describe("the documents gate", () => {
  it("passes generated tools, plain and complex", async () => {
    expect((await judge(documentsGate, sound)).verdict).toBe("pass");
    expect(await judge(documentsGate, plain)).toEqual({
      verdict: "pass",
      evidence: "3 documents valid, signatures equal to schemas",
    });
  });

  it("catches a signature that drifted from its schema", async () => {
    const renamed = await ofMoney(({ code }) => ({ code: code.replace("({ country }", "({ nation }") }));
    expect(renamed.evidence).toContain("parameter 'nation' is not documented");
    expect(renamed.evidence).toContain("documented parameter 'country' is not in the signature");
    expect(renamed.tools).toEqual(["get_money"]);
    const defaulted = await ofMoney(({ code }) => ({
      code: code.replace("({ country }", '({ country = "France" }'),
    }));
    expect(defaulted.evidence).toContain(`parameter 'country' defaults to "France", documented as undefined`);
  });

  it("reads Python's defaults as Python's", async () => {
    const python = caseOf({ ...chainCandidate, runtime: "python" });
    const defaulting = (written: string, described: Json) =>
      judge(
        documentsGate,
        withTool(python, "get_money", ({ code, document }) => ({
          code: code.replace("country=...", `country=..., digits=${written}`),
          document: withParameter(document, "digits", {
            type: Array.isArray(described) ? "array" : "number",
            default: described,
          }),
        })),
      );
    for (const [written, described] of [
      ["1_000", 1000],
      [".5", 0.5],
      ["0x10", 16],
      ["-4.0", -4],
      ["[1, 2]", [1, 2]],
    ] as const)
      expect(await defaulting(written, described)).toMatchObject({ verdict: "pass" });
    expect((await defaulting("4//2", 4)).evidence).toContain("defaults to 4 // 2, documented as 4");
    expect((await defaulting("'4' '2'", 42)).evidence).toContain("defaults to 4 2, documented as 42");
  });

  it("catches a function of another name, a syntax error and a second statement", async () => {
    expect((await ofMoney(({ code }) => ({ code: code.replace("get_money", "other") }))).evidence).toContain(
      "function is called 'other'",
    );
    expect((await ofMoney(({ code }) => ({ code: code.slice(0, -1) }))).evidence).toContain("syntax error");
    expect((await ofMoney(({ code }) => ({ code: `${code}\nlet x = 1;` }))).evidence).toContain(
      "not exactly one function",
    );
  });

  it("catches documents that contradict themselves", async () => {
    const withCountry = (schema: Record<string, string | string[]>) =>
      ofMoney(({ document }) => ({
        document: { ...document, parameters: { ...document.parameters, properties: { country: schema } } },
      }));
    expect((await withCountry({ type: "text" })).evidence).toContain("unknown type");
    expect((await withCountry({ type: "number", enum: ["a"] })).evidence).toContain("enum that does not fit");
    expect((await withCountry({ type: "string", default: "France" })).evidence).toContain(
      "either be required or have a default",
    );
  });

  it("catches two tools of one name and a missing table", async () => {
    const twice = withTool(plain, "find_seat", ({ document }) => ({
      document: { ...document, name: "get_money" },
    }));
    expect((await judge(documentsGate, twice)).evidence).toContain("two tools have this name");
    expect((await ofMoney(() => ({ table: "0".repeat(64) }))).evidence).toContain("its table is missing");
  });
});
