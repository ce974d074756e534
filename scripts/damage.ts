/**
 * Is every damage of a checkpoint seen? Cuts its files off, or flips one bit of them, at seeded places, and reads the
 * checkpoint each time as a worker that starts does. Works on a copy, beside a second checkpoint that must stay readable.
 * Exit 1 where a damage went unnoticed.
 * `npm run damage -- --checkpoint FOLDER [--samples N] [--seed S] [--json]`; FOLDER is a stored checkpoint or a policy.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RatchetError } from "../src/core/errors.ts";
import type { ArtifactRef } from "../src/core/ports/artifacts.ts";
import { type Random, seededRandom } from "../src/core/random.ts";
import { prepareTiny } from "../src/engine/policies/tiny.ts";
import { openArtifactFolder } from "../src/store/artifacts.ts";
import { whileFlipped, whileTruncated } from "../tests/support/damage.ts";
import { optionsOf, refuse } from "./options.ts";

const options = optionsOf("damage", { checkpoint: undefined, samples: 1_000, seed: 1, json: false });
const { checkpoint = refuse("damage", "--checkpoint names no folder") } = options;

/** Places to damage: a length to cut a file off at, a multiple of 512 bytes, or a bit of it to flip. */
interface Samples {
  readonly lengths: number[];
  readonly bits: number[];
}

const root = mkdtempSync(join(tmpdir(), "ratchet-damage-"));
try {
  const result = await study(checkpoint, options.samples, seededRandom(options.seed));
  process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : textOf(result));
  process.exitCode = result.unnoticed.length === 0 && result.previousRead === result.samples ? 0 : 1;
} finally {
  rmSync(root, { recursive: true, force: true });
}

async function study(checkpoint: string, samples: number, random: Random) {
  const store = await openArtifactFolder(root, async () => {});
  const previous = await adopted((folder) => prepareTiny(folder, 1), { policy: "tiny", parent: null });
  const newest = await adopted(
    async (folder) => cpSync(checkpoint, folder, { recursive: true }),
    factsOf(checkpoint),
  );
  const path = await store.pathOf(newest);
  const plan = planned(path, samples, random);

  const reader = await openArtifactFolder(root, async () => {});
  const unnoticed: string[] = [];
  let previousRead = 0;
  const check = async (damage: string) => {
    const error: unknown = await reader.pathOf(newest).catch((caught: unknown) => caught);
    if (!(error instanceof RatchetError && error.type === "ArtifactCorrupt")) unnoticed.push(damage);
    const again = await openArtifactFolder(root, async () => {});
    previousRead += await again.pathOf(previous).then(
      () => 1,
      () => 0,
    );
  };
  for (const [name, { lengths, bits }] of plan) {
    const file = join(path, name);
    for (const bit of bits) await whileFlipped(file, bit, () => check(`${name}: bit ${bit} flipped`));
    await whileTruncated(file, lengths, (length) => check(`${name}: cut off at ${length}`));
  }
  await reader.pathOf(newest);
  const count = (of: (sample: Samples) => number) => [...plan.values()].reduce((sum, s) => sum + of(s), 0);
  return {
    samples,
    truncations: count(({ lengths }) => lengths.length),
    flips: count(({ bits }) => bits.length),
    detected: samples - unnoticed.length,
    previousRead,
    unnoticed,
    bytes: newest.bytes,
  };

  async function adopted(fill: (folder: string) => Promise<void>, about: object): Promise<ArtifactRef> {
    const folder = await store.stagingFolder();
    await fill(folder);
    return store.adoptFolder("checkpoint", folder, { ...about });
  }
}

/** What the manifest of a stored checkpoint says beside its files; a policy's folder has none. */
function factsOf(checkpoint: string): object {
  const manifest = join(checkpoint, "manifest.json");
  if (!existsSync(manifest)) return { parent: null };
  const { files: _, ...facts } = JSON.parse(readFileSync(manifest, "utf8"));
  return facts;
}

/** Half of the samples cut off and half flip; half of each hit the largest file, the others any. */
function planned(path: string, samples: number, random: Random): ReadonlyMap<string, Samples> {
  const names = readdirSync(path).sort();
  const sizes = new Map(names.map((name) => [name, statSync(join(path, name)).size]));
  const largest = names.reduce((most, name) => (sizes.get(name)! > sizes.get(most)! ? name : most));
  const plan = new Map(names.map((name): [string, Samples] => [name, { lengths: [], bits: [] }]));
  for (let sample = 0; sample < samples; sample++) {
    const name = random.next() < 0.5 ? largest : random.pick(names);
    const size = sizes.get(name)!;
    const { lengths, bits } = plan.get(name)!;
    if (sample % 2 === 0) lengths.push(512 * random.integer(Math.ceil(size / 512)));
    else bits.push(random.integer(8 * size));
  }
  return plan;
}

function textOf(result: Awaited<ReturnType<typeof study>>): string {
  const { samples, truncations, flips, detected, previousRead, unnoticed, bytes } = result;
  return [
    `${detected} of ${samples} damages of a checkpoint of ${bytes} bytes seen (${truncations} cut off, ${flips} bits flipped)`,
    `the other checkpoint was readable ${previousRead} times`,
    ...unnoticed.map((damage) => `unnoticed: ${damage}`),
    "",
  ].join("\n");
}
