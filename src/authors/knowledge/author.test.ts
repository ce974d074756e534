import { describe, expect, it } from "vitest";
import {
  type Profile,
  profiles,
  type Split,
  scenarioTypes,
  splits,
} from "../../core/environment/environment.ts";
import { splitOf } from "../../core/environment/split.ts";
import type { ProposalRequest } from "../../core/ports/author.ts";
import type { Candidate, Fact } from "../../core/synthesis/candidate.ts";
import { draftTools } from "../../core/synthesis/construct.ts";
import { createKnowledgeAuthor } from "./author.ts";
import { knownSubjects } from "./subjects.ts";

const author = createKnowledgeAuthor();
const mixed = { single_hop: 1, parallel_single_hop: 1, multi_hop: 1, parallel_multi_hop: 1 };
const request = (split: Split, profile: Profile, more: Partial<ProposalRequest> = {}): ProposalRequest => ({
  split,
  profile,
  scenarios: mixed,
  seed: 11,
  from: 0,
  count: 24,
  ...more,
});

/** Names of the entities that a candidate's lookups are asked about. */
function entitiesOf({ facts, cards }: Candidate): string[] {
  const answers = new Map(facts.map(({ id, answer }) => [id, answer]));
  return facts.flatMap(({ card, operands }: Fact) => {
    const found = cards.find(({ id }) => id === card)!;
    if (found.kind !== "lookup") return [];
    const [key] = operands;
    const name = "from" in key! ? answers.get(key.from) : (key as { value: string }).value;
    return [`${found.subject}:${name}`];
  });
}

describe("propose", () => {
  it("is a function of seed and index: any range gives the same candidates", async () => {
    const all = await author.propose(request("train", "compact"));
    const part = await createKnowledgeAuthor().propose(request("train", "compact", { from: 9, count: 5 }));
    expect(part).toEqual(all.slice(9, 14));
    expect(await author.propose(request("train", "compact", { seed: 12 }))).not.toEqual(all);
  });

  it("gives plain JSON", async () => {
    const candidates = await author.propose(request("test", "ftrl"));
    expect(JSON.parse(JSON.stringify(candidates))).toEqual(candidates);
  });

  it("spreads the scenario types by weight, in every stretch", async () => {
    const candidates = await author.propose(
      request("train", "compact", { scenarios: { single_hop: 2, multi_hop: 1 }, count: 9 }),
    );
    expect(candidates.slice(0, 3).map(({ scenario }) => scenario)).toEqual([
      "single_hop",
      "multi_hop",
      "single_hop",
    ]);
    expect(candidates.filter(({ scenario }) => scenario === "multi_hop")).toHaveLength(3);
  });

  it.each(profiles)("keeps the limits of the %s profile", async (profile) => {
    const most = profile === "compact" ? 5 : 11;
    for (const candidate of await author.propose(request("validation", profile, { count: 60 }))) {
      const { drafts, decomposed } = draftTools(candidate);
      expect(drafts.length).toBeLessThanOrEqual(most);
      expect(candidate.facts.length).toBeLessThanOrEqual(most);
      expect(decomposed.scenario).toBe(candidate.scenario);
      const characters =
        candidate.question.length + JSON.stringify(drafts.map(({ document }) => document)).length;
      if (profile === "compact") expect(characters).toBeLessThanOrEqual(1_700);
      else expect(drafts.length).toBeGreaterThanOrEqual(5);
    }
  });

  it("writes very short documents where at most two tools are wanted", async () => {
    for (const candidate of await author.propose(request("train", "compact", { maxTools: 2, count: 40 }))) {
      const { drafts, complexity } = draftTools(candidate);
      expect(drafts.length).toBeLessThanOrEqual(2);
      expect(
        complexity.filter(({ operation, level }) => level > 0 && /^p|functional/.test(operation)),
      ).toEqual([]);
    }
  });

  it("keeps to the domains it is asked for", async () => {
    const candidates = await author.propose(
      request("train", "compact", { domains: ["chemistry"], count: 12 }),
    );
    const subjects = candidates.flatMap((candidate) => Object.keys(candidate.subjects));
    expect([...new Set(subjects)].sort()).toEqual(["element", "symbol"]);
  });

  it("refuses what cannot be met, and says how to go on", async () => {
    await expect(author.propose(request("train", "compact", { scenarios: {} }))).rejects.toThrow(
      /weights must be/,
    );
    await expect(author.propose(request("train", "compact", { domains: ["cooking"] }))).rejects.toThrow(
      /field 'domains' = \["cooking"\]: the knowledge author's domains are geography, /,
    );
    await expect(
      author.propose(request("train", "compact", { scenarios: { multi_hop: 1 }, maxTools: 1, count: 1 })),
    ).rejects.toThrow(/proposing a multi_hop question .*maxTools = 1/);
  });
});

describe("splits", () => {
  it("share no entity, no question and no tool name over thousands of proposals", async () => {
    const seen = new Map<string, Split>();
    const claim = (thing: string, split: Split) => {
      expect(`${thing} is of ${seen.get(thing) ?? split}`).toBe(`${thing} is of ${split}`);
      seen.set(thing, split);
    };
    for (const split of splits)
      for (const profile of profiles)
        for (const candidate of await author.propose(request(split, profile, { count: 500 }))) {
          expect(splitOf(candidate.entity)).toBe(split);
          for (const entity of entitiesOf(candidate)) claim(entity, split);
          for (const text of [candidate.question, ...candidate.paraphrases]) claim(text, split);
          for (const { toolName } of [...candidate.cards, ...Object.values(candidate.subjects)])
            claim(toolName, split);
        }
    expect(seen.size).toBeGreaterThan(5_000);
  }, 120_000);

  it("share no wording of a relation", () => {
    for (const { relations, id } of knownSubjects().values())
      for (const { phrases, asks, field } of relations)
        for (const wording of [phrases, asks ?? { train: [], validation: [], test: [] }]) {
          const all = splits.flatMap((split) => wording[split]);
          expect(new Set(all).size, `${id}.${field}`).toBe(all.length);
          for (const text of all) expect(text, `${id}.${field}`).toContain("{}");
        }
  });
});

describe("the knowledge", () => {
  it("covers at least eight domains, each with entities in every split", () => {
    const subjects = [...knownSubjects().values()];
    expect(new Set(subjects.map(({ domain }) => domain)).size).toBeGreaterThanOrEqual(8);
    for (const { id, bySplit } of subjects)
      for (const split of splits) expect(bySplit[split].length, `${id} ${split}`).toBeGreaterThan(15);
  });

  it("has facts that anyone can check", () => {
    const fact = (subject: string, key: string, field: string) =>
      knownSubjects().get(subject)!.byKey.get(key)!.facts[field];
    expect(fact("country", "france", "capital")).toBe("Paris");
    expect(fact("country", "japan", "calling_code")).toBe("+81");
    expect(fact("country", "brazil", "language")).toBe("Portuguese");
    expect(fact("country", "norway", "currency")).toBe("NOK");
    expect(fact("country_code", "deu", "country")).toBe("Germany");
    expect(fact("calling_code", "+39", "country")).toBe("Italy");
    expect(fact("city", "lyon", "country")).toBe("France");
    expect(fact("city", "tokyo", "time_zone")).toBe("Asia/Tokyo");
    expect(fact("time_zone", "asia/kolkata", "offset")).toBe("UTC+05:30");
    expect(fact("airport", "cdg", "city")).toBe("Paris");
    expect(fact("airport", "lhr", "icao")).toBe("EGLL");
    expect(fact("currency", "jpy", "name")).toBe("Yen");
    expect(fact("currency", "chf", "number")).toBe("756");
    expect(fact("language", "swahili", "iso_code")).toBe("swa");
    expect(fact("element", "iron", "atomic_mass")).toBe(55.845);
    expect(fact("symbol", "fe", "element")).toBe("Iron");
    expect(fact("extension", ".png", "media_type")).toBe("image/png");
    expect(fact("licence", "mit", "name")).toBe("MIT License");
    expect(fact("programming_language", "python", "color")).toBe("#3572A5");
  });

  it("serves whole tables whose rows are the entities' facts", async () => {
    const { country } = await author.subjectTables(["country"]);
    expect(Object.keys(country!.rows)).toHaveLength(knownSubjects().get("country")!.entities.length);
    expect(country!.rows[country!.aliases.fr!]!.capital).toBe("Paris");
    expect(scenarioTypes).toHaveLength(4);
  });
});
