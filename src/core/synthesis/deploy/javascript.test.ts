import { describe, expect, it } from "vitest";
import { caseOf, chainCandidate, sumCandidate } from "../../../../tests/support/small-world.ts";
import { createVmSandbox } from "../../../../tests/support/vm-sandbox.ts";
import { programOf } from "../../environment/program.ts";
import type { JsonObject } from "../../json.ts";
import type { Candidate } from "../candidate.ts";
import { tidyKey } from "./lookup-key.ts";

/** What the tool of that name says, errors included. */
async function said(candidate: Candidate, tool: string, given: JsonObject): Promise<string> {
  const { environment, tables } = caseOf(candidate);
  const found = environment.tools.find(({ document }) => document.name === tool)!;
  const [outcome] = await createVmSandbox().run([{ program: programOf(found, tables), arguments: given }]);
  return outcome!.kind === "returned" ? outcome!.text : `(${outcome!.text})`;
}

describe("a generated lookup", () => {
  const asked = (given: JsonObject) => said(chainCandidate, "get_money", given);

  it("works for the whole table", async () => {
    expect(await asked({ country: "France" })).toBe("EUR");
    expect(await asked({ country: "Ecuador" })).toBe("USD");
  });

  it("is tolerant to case, accents, white space and other names", async () => {
    expect(await asked({ country: "  nÖRWAY " })).toBe("NOK");
    expect(await asked({ country: "JP" })).toBe("JPY");
  });

  it("reports wrong arguments in fixed words that repeat nothing of them", async () => {
    expect(await asked({})).toBe("(missing_argument: country is required)");
    expect(await asked({ country: 5 })).toBe("(invalid_argument: country must be a non-empty string)");
    expect(await asked({ country: "France", town: "x" })).toBe("(unknown_argument: use only country)");
    expect(await asked({ country: "Atlantis" })).toBe("(not_found: no row has this name)");
  });

  it("is not led astray by names that every object has", async () => {
    expect(await asked({ country: "constructor" })).toBe("(not_found: no row has this name)");
    expect(await asked({ country: "__proto__" })).toBe("(not_found: no row has this name)");
  });
});

describe("a generated calculator", () => {
  it("computes from its operands and checks them", async () => {
    expect(await said(sumCandidate, "add", { a: 0.1, b: 0.2 })).toBe("0.3");
    expect(await said(sumCandidate, "add", { a: "1", b: 2 })).toBe("(invalid_argument: a must be a number)");
  });
});

describe("tidyKey", () => {
  it("drops case, accents, curly apostrophes and surplus white space", () => {
    expect(tidyKey("  São   Tomé ")).toBe("sao tome");
    expect(tidyKey("Xi’an")).toBe("xi'an");
  });
});
