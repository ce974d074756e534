/** Places that nobody has heard of, with what there is to know of them: data for environments written by hand. */
import type { Json, JsonObject } from "../json.ts";
import type { Random } from "../random.ts";

export interface Place {
  readonly name: string;
  readonly number: number;
  readonly row: JsonObject & {
    readonly mayor: string;
    readonly people: number;
    readonly workers: number;
    readonly lengthKm: number;
    readonly celsius: number;
    readonly festivals: readonly string[];
    readonly capital: string;
    readonly largest: string;
    readonly byYear: { readonly [year: string]: number };
  };
}

const beginnings =
  "Bra Cor Del Fen Gor Hal Ister Jun Kel Lor Mor Nar Ost Pel Quar Rin Sel Tor Uln Vor Wes Yar Zan".split(" ");
const middles = "a e i o u ari eno ila oru una".split(" ");
const ends = "beck dorf field gard holm mouth nik rath stad ton vale wick".split(" ");

export const years = ["2019", "2020", "2021", "2022"] as const;

/** `count` places of different names and values; the first is never one whose capital is not its largest town. */
export function inventPlaces(count: number, random: Random): Place[] {
  const used = new Set<string>();
  const name = (): string => {
    const made = random.pick(beginnings) + random.pick(middles) + random.pick(ends);
    if (used.has(made)) return name();
    used.add(made);
    return made;
  };
  return Array.from({ length: count }, (_, i): Place => {
    const people = 100_000 + random.integer(8_000_000);
    const capital = name();
    const byYear = Object.fromEntries(years.map((year) => [year, people - random.integer(90_000)]));
    return {
      name: name(),
      number: 100 + 7 * i + random.integer(7),
      row: {
        mayor: `${name()} ${name()}`,
        people,
        workers: Math.round(people * (0.2 + 0.5 * random.next())),
        lengthKm: 100 + random.integer(90_000) / 100,
        celsius: random.integer(400) / 10 - 5.05,
        festivals: [name(), name(), name()],
        capital,
        largest: i % 2 === 0 ? capital : name(),
        byYear,
      },
    };
  });
}

export const tableOf = (places: readonly Place[], keyOf = ({ name }: Place) => name.toLowerCase()): Json => ({
  aliases: {},
  rows: Object.fromEntries(places.map((place) => [keyOf(place), place.row])),
});
