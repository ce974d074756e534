/**
 * Sound environments of shapes that persons write and no author generates: keys that are numbers or choices, keys of two
 * parts, lists, formatted values, conversions, ratios. A gate that refuses one of them is wrong.
 */
import { readEnvironmentFile } from "../formats/environment-file.ts";
import type { Case } from "../gates/gate.ts";
import { seedOf } from "../hash.ts";
import { seededRandom } from "../random.ts";
import { inventPlaces, type Place, tableOf } from "./invented-world.ts";
import type { Shape, Sketch } from "./sketch.ts";
import { writtenCalculations } from "./written-calculations.ts";
import { writtenLookups } from "./written-lookups.ts";

const placeCount = 24;

export const shapes: Readonly<Record<string, Shape>> = { ...writtenLookups, ...writtenCalculations };

/** The shapes in turn, each of another world. */
export function handWritten(count: number, seed: number): Case[] {
  const named = Object.entries(shapes);
  return Array.from({ length: count }, (_, i) => {
    const [name, shape] = named[i % named.length]!;
    const random = seededRandom(seedOf(seed, "by hand", String(i)));
    const places = inventPlaces(placeCount, random);
    return readEnvironmentFile(fileOf(shape(places, random), places), name);
  });
}

function fileOf({ question, tools, steps, answer, composition, table }: Sketch, places: readonly Place[]) {
  return {
    format: "ratchet.environment-file.v1",
    question,
    answer: answer ?? steps.at(-1)!.answer,
    subQuestions: steps.map(({ tool, answer: own, type = "string", needs = [] }, i) => ({
      id: `q${i + 1}`,
      tool,
      answer: own,
      answerType: type,
      dependsOn: needs,
    })),
    referenceCalls: steps.map(({ given }, i) => ({ subQuestion: `q${i + 1}`, arguments: given })),
    tools,
    tables: { places: table ?? tableOf(places) },
    ...(composition ? { composition } : {}),
  };
}
