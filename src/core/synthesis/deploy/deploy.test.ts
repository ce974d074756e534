import { describe, expect, it } from "vitest";
import {
  chainCandidate,
  deploySmall,
  smallTables,
  sumCandidate,
} from "../../../../tests/support/small-world.ts";
import { environmentSchema } from "../../environment/environment.ts";
import { contentHash } from "../../hash.ts";
import { draftTools } from "../construct.ts";
import { subjectsOf } from "./deploy.ts";

describe("deploy", () => {
  it("makes environments that satisfy the schema", () => {
    for (const { environment } of deploySmall(chainCandidate, sumCandidate).deployed)
      expect(environmentSchema.safeParse(environment).error).toBeUndefined();
  });

  it("names the tool that owns each sub-answer, and its reference call", () => {
    const { environment } = deploySmall(chainCandidate).deployed[0]!;
    expect(environment.subQuestions.map(({ tool }) => tool)).toEqual(["get_home", "get_money"]);
    expect(environment.referenceCalls[1]).toEqual({
      subQuestion: "q2",
      tool: "get_money",
      arguments: { country: { from: "q1" } },
    });
  });

  it("gives tools of one field that field alone, and shares tables by content", () => {
    const { deployed, tables } = deploySmall(chainCandidate, { ...chainCandidate, index: 1 });
    const hashes = deployed.map(
      ({ environment }) => environment.tools.find(({ document }) => document.name === "get_money")!.table!,
    );
    expect(hashes[0]).toBe(hashes[1]);
    expect(tables[hashes[0]!]).toEqual({
      aliases: { fr: "france", jp: "japan" },
      rows: {
        france: { currency: "EUR" },
        japan: { currency: "JPY" },
        ecuador: { currency: "USD" },
        norway: { currency: "NOK" },
        ethiopia: { currency: "ETB" },
      },
    });
    for (const [hash, table] of Object.entries(tables)) expect(contentHash(table)).toBe(hash);
  });

  it("gives tools of several fields the whole subject, so that tables stay few", () => {
    const levels = { ...chainCandidate.levels, generalization: 2, distractors: 0 };
    const { tables } = deploySmall({ ...chainCandidate, levels });
    expect(Object.values(tables)).toEqual(expect.arrayContaining([smallTables.country, smallTables.city]));
  });

  it("says which subjects a batch reads", () => {
    expect(subjectsOf([draftTools(chainCandidate), draftTools(sumCandidate)])).toEqual(["city", "country"]);
  });
});
