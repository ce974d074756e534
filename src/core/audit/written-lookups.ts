/** Shapes of environments whose tools look up in ways that no author generates: other keys, other columns, other words. */
import { handTool } from "./hand-tools.ts";
import { tableOf, years } from "./invented-world.ts";
import { festivals, findRow, lookup, type Shape, single, text, value } from "./sketch.ts";

export const writtenLookups: Readonly<Record<string, Shape>> = {
  "a number for a key": (places) => ({
    ...single(
      `Who is mayor of the place with the number ${places[0]!.number}?`,
      [
        handTool({
          name: "mayor_by_number",
          description: "The mayor of the place with a number.",
          properties: { id: { type: "integer", minimum: 1, description: "A place's number." } },
          table: "places",
          body: 'if (!Object.hasOwn(table.rows, String(id))) fail("not_found", "there is no such number"); return table.rows[String(id)].mayor;',
        }),
      ],
      { id: value(places[0]!.number) },
      places[0]!.row.mayor,
    ),
    table: tableOf(places, (place) => String(place.number)),
  }),
  "a choice for a key": (places) =>
    single(
      `Who is mayor of ${places[1]!.name}?`,
      [
        handTool({
          name: "mayor_of_choice",
          description: "The mayor of one of the places.",
          properties: {
            place: { type: "string", enum: places.map(({ name }) => name), description: "A place." },
          },
          table: "places",
          body: "return table.rows[place.toLowerCase()].mayor;",
        }),
      ],
      { place: value(places[1]!.name) },
      places[1]!.row.mayor,
    ),
  "a list for an answer": ([place]) =>
    single(
      `Which festivals does ${place!.name} hold?`,
      [lookup("festivals_of", "Festivals of a place.", 'row.festivals.join(", ")')],
      { place: value(place!.name) },
      place!.row.festivals.join(", "),
      { type: "list" },
    ),
  "a list as JSON": ([place]) =>
    single(
      `Which festivals are held in ${place!.name}?`,
      [lookup("list_festivals", "Festivals of a place.", "row.festivals")],
      { place: value(place!.name) },
      place!.row.festivals.join(", "),
      { type: "list" },
    ),
  "a key of two parts": (places, random) => {
    const year = random.pick(years);
    const rows = places.flatMap(({ name, row }) =>
      years.map((one) => [`${name.toLowerCase()}|${one}`, { people: row.byYear[one]! }] as const),
    );
    return {
      ...single(
        `How many people lived in ${places[2]!.name} in ${year}?`,
        [
          handTool({
            name: "people_in_year",
            description: "People of a place in a year.",
            properties: {
              place: text,
              year: { type: "integer", minimum: 1900, maximum: 2100, description: "A year." },
            },
            table: "places",
            body: 'const key = tidy(place) + "|" + year; if (!Object.hasOwn(table.rows, key)) fail("not_found", "nothing is known of them"); return String(table.rows[key].people);',
          }),
        ],
        { place: value(places[2]!.name), year: value(Number(year)) },
        String(places[2]!.row.byYear[year]),
        { type: "number" },
      ),
      table: { aliases: {}, rows: Object.fromEntries(rows) },
    };
  },
  "a column within a column": ([place], random) => {
    const year = random.pick(years);
    return single(
      `What was the population of ${place!.name} in ${year}?`,
      [
        lookup("population_in", "People of a place in a year.", "String(row.byYear[year])", {
          year: { type: "string", enum: years, description: "A year." },
        }),
      ],
      { place: value(place!.name), year: value(year) },
      String(place!.row.byYear[year]),
      { type: "number" },
    );
  },
  "a number in groups, with its unit": ([place]) =>
    single(
      `What is the population of ${place!.name}?`,
      [
        lookup(
          "population_text",
          "People of a place.",
          'String(row.people).replace(/\\B(?=(\\d{3})+$)/g, ",") + " people"',
        ),
      ],
      { place: value(place!.name) },
      `${String(place!.row.people).replace(/\B(?=(\d{3})+$)/g, ",")} people`,
    ),
  "a number that is rounded": ([place]) =>
    single(
      `How long is the border of ${place!.name}, in kilometres with one decimal?`,
      [lookup("border_length", "Border of a place in km.", "row.lengthKm.toFixed(1)")],
      { place: value(place!.name) },
      place!.row.lengthKm.toFixed(1),
      { type: "number" },
    ),
  "an answer that stands in two columns": ([place]) =>
    single(
      `What is the largest town of ${place!.name}?`,
      [lookup("largest_town", "The largest town of a place.", "row.largest")],
      { place: value(place!.name) },
      place!.row.largest,
    ),
  "an argument within an object": ([place]) =>
    single(
      `What is the capital of ${place!.name}?`,
      [
        handTool({
          name: "capital_where",
          description: "The capital of a place.",
          properties: {
            where: {
              type: "object",
              description: "Which place.",
              properties: { place: text },
              required: ["place"],
            },
          },
          table: "places",
          body: `const { place } = where; ${findRow} return row.capital;`,
        }),
      ],
      { where: { object: { place: value(place!.name) } } },
      place!.row.capital,
    ),
  "an optional unit": ([place]) =>
    single(
      `How many people work in ${place!.name}?`,
      [
        lookup(
          "workers_of",
          "People who work in a place.",
          'String(row.workers) + (unit ? " workers" : "")',
          {
            unit: { type: "boolean", default: false, description: "Whether to write the unit." },
          },
        ),
        festivals,
      ],
      { place: value(place!.name) },
      String(place!.row.workers),
      { type: "number" },
    ),
  "options compared": (places) => {
    const options = places.slice(0, 3);
    const people = options.map(({ row }) => row.people);
    return {
      question: `Which of ${options.map(({ name }) => name).join(", ")} has most people?`,
      tools: [lookup("people_of", "People of a place.", "String(row.people)"), festivals],
      steps: options.map(({ name, row }) => ({
        tool: "people_of",
        given: { place: value(name) },
        answer: String(row.people),
        type: "number" as const,
      })),
      answer: options[people.indexOf(Math.max(...people))]!.name,
      composition: { kind: "argmax", of: ["q1", "q2", "q3"], labels: options.map(({ name }) => name) },
    };
  },
  "options counted": (places) => {
    const options = places.slice(0, 5);
    const above = options.filter(({ row }) => row.people > 4_000_000).length;
    return {
      question: `How many of ${options.map(({ name }) => name).join(", ")} have more than 4 million people? Say it as "k of 5".`,
      tools: [lookup("people_in", "People of a place.", "String(row.people)")],
      steps: options.map(({ name, row }) => ({
        tool: "people_in",
        given: { place: value(name) },
        answer: String(row.people),
        type: "number" as const,
      })),
      answer: `${above} of 5`,
      composition: { kind: "count_above", of: options.map((_, i) => `q${i + 1}`), threshold: 4_000_000 },
    };
  },
};
