/** Shapes of environments in which a tool written by hand computes: conversions, ratios, the least and the greatest. */
import { type HandTool, handTool } from "./hand-tools.ts";
import type { Place } from "./invented-world.ts";
import { festivals, from, lookup, number, type Shape, type Sketch, value } from "./sketch.ts";

/** Each place's value by a tool of its own, and one more tool that makes something of them. */
function combined(
  places: readonly Place[],
  field: "people" | "workers" | "lengthKm" | "celsius",
  question: string,
  tool: HandTool,
  answer: string,
  parameters: readonly string[],
): Sketch {
  const fetch = lookup("measure_of", "A measure of a place.", `String(row.${field})`);
  const ids = places.map((_, i) => `q${i + 1}`);
  return {
    question,
    tools: [fetch, tool, festivals],
    steps: [
      ...places.map(({ name, row }) => ({
        tool: "measure_of",
        given: { place: value(name) },
        answer: String(row[field]),
        type: "number" as const,
      })),
      {
        tool: tool.document.name,
        given: Object.fromEntries(parameters.map((parameter, i) => [parameter, from(ids[i]!)])),
        answer,
        type: "number" as const,
        needs: ids,
      },
    ],
  };
}

const two = { a: number, b: number };
const three = { a: number, b: number, c: number };

export const writtenCalculations: Readonly<Record<string, Shape>> = {
  "kilometres as miles": ([place]) =>
    combined(
      [place!],
      "lengthKm",
      `How long is the border of ${place!.name} in miles?`,
      handTool({
        name: "to_miles",
        description: "Kilometres in miles.",
        properties: { km: number },
        body: "return (km * 0.621371).toFixed(3);",
      }),
      (place!.row.lengthKm * 0.621371).toFixed(3),
      ["km"],
    ),
  "degrees Celsius as Fahrenheit": ([place]) =>
    combined(
      [place!],
      "celsius",
      `How warm is ${place!.name} in degrees Fahrenheit?`,
      handTool({
        name: "to_fahrenheit",
        description: "Celsius in Fahrenheit.",
        properties: { celsius: number },
        body: "return (celsius * 1.8 + 32).toFixed(2);",
      }),
      (place!.row.celsius * 1.8 + 32).toFixed(2),
      ["celsius"],
    ),
  "a ratio": ([a, b]) =>
    combined(
      [a!, b!],
      "people",
      `How many times the people of ${b!.name} does ${a!.name} have?`,
      handTool({
        name: "ratio_of",
        description: "A divided by b.",
        properties: two,
        body: 'if (b === 0) fail("invalid_argument", "b must not be zero"); return (a / b).toFixed(4);',
      }),
      (a!.row.people / b!.row.people).toFixed(4),
      ["a", "b"],
    ),
  "a percentage": ([a, b]) =>
    combined(
      [a!, b!],
      "workers",
      `What share, in percent, are the workers of ${a!.name} of those of ${b!.name}?`,
      handTool({
        name: "percentage",
        description: "A in percent of b.",
        properties: two,
        body: 'if (b === 0) fail("invalid_argument", "b must not be zero"); return (100 * a / b).toFixed(2) + " %";',
      }),
      ((100 * a!.row.workers) / b!.row.workers).toFixed(2),
      ["a", "b"],
    ),
  "the least of three": ([a, b, c]) =>
    combined(
      [a!, b!, c!],
      "people",
      `How many people has the smallest of ${a!.name}, ${b!.name} and ${c!.name}?`,
      handTool({
        name: "least_of",
        description: "The least of three numbers.",
        properties: three,
        body: "return String(Math.min(a, b, c));",
      }),
      String(Math.min(a!.row.people, b!.row.people, c!.row.people)),
      ["a", "b", "c"],
    ),
  "the greatest of three": ([a, b, c]) =>
    combined(
      [a!, b!, c!],
      "workers",
      `How many workers has the busiest of ${a!.name}, ${b!.name} and ${c!.name}?`,
      handTool({
        name: "greatest_of",
        description: "The greatest of three numbers.",
        properties: three,
        body: "return String(Math.max(a, b, c));",
      }),
      String(Math.max(a!.row.workers, b!.row.workers, c!.row.workers)),
      ["a", "b", "c"],
    ),
};
