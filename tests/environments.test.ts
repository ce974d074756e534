/** Environments of every split and profile, built offline from real data and proven in the real sandbox. */
import { afterAll, describe, expect, it } from "vitest";
import { createKnowledgeAuthor } from "../src/authors/knowledge/author.ts";
import { environmentSetSchema, profiles, splits } from "../src/core/environment/environment.ts";
import { promptMessages } from "../src/core/environment/prompt.ts";
import { proveBatch } from "../src/core/gates/prove.ts";
import { answerMatches } from "../src/core/reward/match.ts";
import { draftTools } from "../src/core/synthesis/construct.ts";
import { allSubjectsOf, deploy } from "../src/core/synthesis/deploy/deploy.ts";
import { goldenTrajectory, referenceInvocations } from "../src/core/trajectory/golden.ts";
import { taggedCalls } from "../src/core/trajectory/tool-format.ts";
import { defaultSandboxLimits } from "../src/sandbox/limits.ts";
import { createSandbox } from "../src/sandbox/sandbox.ts";
import { assemble } from "./support/assemble.ts";

/** Candidates of each profile and split; those of `ftrl` take two to three times as many calls. */
const counts = { compact: 32, ftrl: 8 };
/** Of ftrl's plans, which are longer, some have two ways to an answer, and no repair takes one away. */
const leastShare = { compact: 0.95, ftrl: 0.85 };
const author = createKnowledgeAuthor();
const sandbox = createSandbox({ ...defaultSandboxLimits, log: () => {} });
afterAll(() => sandbox.close());

describe.each(profiles.flatMap((profile) => splits.map((split) => [profile, split] as const)))(
  "%s environments of the %s split",
  (profile, split) => {
    const count = counts[profile];

    it("are nearly all accepted and solved by their reference calls", async () => {
      const candidates = await author.propose({
        split,
        profile,
        scenarios: { single_hop: 1, parallel_single_hop: 1, multi_hop: 1, parallel_multi_hop: 1 },
        seed: 1,
        from: 0,
        count,
      });
      const subjects = await author.subjectTables(allSubjectsOf(candidates));
      const deployed = deploy(
        candidates.map((candidate) => draftTools(candidate, subjects)),
        subjects,
      );
      const proven = await proveBatch(deployed, author.subjectTables, sandbox);
      expect(proven.accepted.length + proven.quarantined.length).toBe(count);
      expect(proven.accepted.length, JSON.stringify(proven.quarantined, null, 2)).toBeGreaterThanOrEqual(
        leastShare[profile] * count,
      );

      const { set } = assemble("all", [proven], {
        single_hop: count,
        parallel_single_hop: count,
        multi_hop: count,
        parallel_multi_hop: count,
      });
      expect(environmentSetSchema.safeParse(set).error).toBeUndefined();
      expect(set.environments.length).toBeGreaterThanOrEqual((leastShare[profile] - 0.05) * count);
      const calls = set.environments.map((environment) => referenceInvocations(environment, set.tables));
      const outcomes = await sandbox.run(calls.flat());
      let next = 0;
      for (const [i, environment] of set.environments.entries()) {
        const outputs = outcomes.slice(next, next + calls[i]!.length).map(({ text }) => text);
        next += outputs.length;
        for (const [j, { answer }] of environment.subQuestions.entries())
          expect(answerMatches(answer, outputs[j]!)).toBe(true);
        expect(goldenTrajectory(environment, outputs, taggedCalls).at(-1)!.text).toContain(
          environment.answer,
        );
        const documents = environment.tools.map(({ document }) => ({ type: "function", function: document }));
        const characters = promptMessages(environment)[0]!.content.length + JSON.stringify(documents).length;
        if (profile === "compact") expect(characters).toBeLessThanOrEqual(1_700);
      }
    });
  },
);
