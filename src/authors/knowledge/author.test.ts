import { describe, expect, it } from "vitest";
import { type Profile, profiles, type Split, splits } from "../../core/environment/environment.ts";
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

/** Which splits things are of; `crossing` names those of several. */
function apart() {
  const splitsOf = new Map<string, Set<Split>>();
  return {
    add: (thing: string, split: Split) => {
      splitsOf.set(thing, (splitsOf.get(thing) ?? new Set()).add(split));
    },
    crossing: () => [...splitsOf].filter(([, all]) => all.size > 1).map(([thing]) => thing),
  };
}

const withoutNames = (question: string, { facts }: Candidate) =>
  facts
    .flatMap(({ operands, answer }) => [
      answer,
      ...operands.flatMap((operand) => ("value" in operand ? [String(operand.value)] : [])),
    ])
    .sort((a, b) => b.length - a.length)
    .reduce((text, name) => text.replaceAll(name, "{}").replaceAll(name.toLowerCase(), "{}"), question);

const isLink = (id: string) => {
  const [subject, field] = id.split(".") as [string, string];
  return (
    knownSubjects()
      .get(subject)!
      .relations.find((relation) => relation.field === field)!.to !== undefined
  );
};

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
      if (profile === "compact") expect(characters).toBeLessThanOrEqual(1_500);
      else expect(drafts.length).toBeGreaterThanOrEqual(7);
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

  it("draws every kind of answer, and as many sub-questions as FTRL's test set has", async () => {
    const kinds = new Set<string>();
    for (const split of splits) {
      const counts = (type: string, candidates: readonly Candidate[]) =>
        candidates.filter(({ scenario }) => scenario === type).map(({ facts }) => facts.length);
      const candidates = await author.propose(request(split, "ftrl", { count: 400 }));
      for (const { composition } of candidates) kinds.add(composition.kind);
      const mean = (type: string) => {
        const all = counts(type, candidates);
        return all.reduce((a, b) => a + b, 0) / all.length;
      };
      expect(mean("single_hop")).toBe(1);
      expect(mean("parallel_single_hop")).toBeGreaterThan(2);
      expect(mean("parallel_single_hop")).toBeLessThan(2.6);
      expect(mean("multi_hop")).toBeGreaterThan(4.8);
      expect(mean("multi_hop")).toBeLessThan(6.8);
      expect(mean("parallel_multi_hop")).toBeGreaterThan(6.6);
      expect(mean("parallel_multi_hop")).toBeLessThan(8.6);
      expect(Math.max(...counts("parallel_multi_hop", candidates))).toBeGreaterThanOrEqual(10);
    }
    expect([...kinds].sort()).toEqual([
      "answer",
      "argmax",
      "argmin",
      "count_above",
      "date_after",
      "days_between",
      "difference",
      "list",
      "mean",
      "sum",
    ]);
  });

  it("shows FTRL's shape: 7 to 11 tools of about 7 parameters, one or two of them required", async () => {
    const candidates = await author.propose(request("train", "ftrl", { count: 60 }));
    const toolsets = candidates.map((candidate) => draftTools(candidate).drafts);
    const counts = toolsets.map(({ length }) => length);
    expect([Math.min(...counts), Math.max(...counts)]).toEqual([7, 11]);
    const documents = toolsets.flat().map(({ document }) => document.parameters);
    const mean = (count: (of: (typeof documents)[number]) => number) =>
      documents.reduce((sum, parameters) => sum + count(parameters), 0) / documents.length;
    expect(Math.abs(mean(({ properties }) => Object.keys(properties).length) - 7)).toBeLessThan(0.7);
    expect(mean(({ required }) => required.length)).toBeLessThan(2);
  });

  it("documents what calculators do: how they round, and nothing of names", async () => {
    const candidates = await author.propose(
      request("train", "ftrl", { scenarios: { parallel_multi_hop: 1 } }),
    );
    const described = new Map(
      candidates.flatMap(({ cards }) =>
        cards.flatMap((card) => (card.kind === "calculate" ? [[card.operation, card.description]] : [])),
      ) as [string, string][],
    );
    expect(described.get("mean")).toBe(
      "Arithmetic mean of numbers, to 6 decimals. Wrong or unknown arguments are reported with the reason.",
    );
    expect([...described.values()].filter((text) => text.includes("Names"))).toEqual([]);
  });

  it("takes dialled levels as they are, within the tool limit", async () => {
    const levels = {
      integration: 0,
      generalization: 1,
      parameters: 3,
      parameterTypes: 0,
      distractors: 2,
    } as const;
    for (const candidate of await author.propose(request("train", "ftrl", { levels }))) {
      expect(candidate.levels).toEqual({
        ...levels,
        distractors: Math.min(2, 11 - new Set(candidate.facts.map(({ card }) => card)).size),
      });
    }
  });

  it("leads on from a name to its own bearer only: the Cayman Islands' George Town is not Malaysia's", () => {
    const { byName } = knownSubjects().get("city")!;
    expect(knownSubjects().get("country")!.byName.get("Cayman Islands")!.facts.capital).toBe("George Town");
    expect(byName.get("George Town")!.facts.country).toBe("Malaysia");
    const capital = knownSubjects()
      .get("country")!
      .relations.find(({ field }) => field === "capital")!;
    expect(capital.back).toBe("country");
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

  it.each([
    { heldOut: ["wording"] as const },
    { heldOut: ["tool-name"] as const },
    { heldOut: ["relation"] as const },
    { heldOut: ["wording", "tool-name", "relation"] as const },
  ])("keep apart what $heldOut says beside entities, and only that", async ({ heldOut }) => {
    const seen = { entity: apart(), wording: apart(), "tool-name": apart(), relation: apart() };
    for (const split of splits)
      for (const candidate of await author.propose(request(split, "ftrl", { heldOut, count: 200 }))) {
        const { cards, subjects, facts } = candidate;
        for (const entity of entitiesOf(candidate)) seen.entity.add(entity, split);
        for (const { toolName } of [...cards, ...Object.values(subjects)])
          seen["tool-name"].add(toolName, split);
        for (const fact of facts)
          if (!fact.card.startsWith("calculator."))
            seen.wording.add(`${fact.card}: ${withoutNames(fact.question, candidate)}`, split);
        const shown = [
          ...cards.flatMap((card) => (card.kind === "lookup" ? [card.id] : [])),
          ...Object.entries(subjects).flatMap(([id, { fields }]) => fields.map((field) => `${id}.${field}`)),
        ];
        for (const id of shown) if (!isLink(id)) seen.relation.add(id, split);
      }
    expect(seen.entity.crossing()).toEqual([]);
    for (const part of ["wording", "tool-name", "relation"] as const)
      expect(seen[part].crossing().length > 0, part).toBe(!(heldOut as readonly string[]).includes(part));
  });

  it("share no wording of a relation", () => {
    for (const { relations, id } of knownSubjects().values())
      for (const { phrases, onward, asks, field } of relations)
        for (const wording of [phrases, onward, asks].filter((one) => one !== undefined)) {
          const all = splits.flatMap((split) => wording[split]);
          expect(new Set(all).size, `${id}.${field}`).toBe(all.length);
          for (const text of all) expect(text, `${id}.${field}`).toContain("{}");
        }
  });
});
