/** Currencies (ISO 4217, by currency-codes). One country's currency is split with it; a shared one by itself. */
import { type Entity, type Relation, type Subject, wordings } from "../knowledge.ts";
import { loadPackage } from "../packages.ts";
import { countryNames, readCountries } from "./countries.ts";

interface Currency {
  readonly code: string;
  readonly number: string;
  readonly currency: string;
}

const relations: readonly Relation[] = [
  {
    field: "name",
    answerType: "string",
    nouns: ["currency_name", "money_name", "name_of_currency"],
    description: "Name of an ISO 4217 currency.",
    phrases: wordings(
      ["the name of {}", "the full name of {}"],
      ["the official name of {}"],
      ["the ISO 4217 name of {}"],
    ),
  },
  {
    field: "number",
    answerType: "string",
    nouns: ["currency_number", "numeric_currency_code"],
    description: "ISO 4217 three-digit number of a currency.",
    phrases: wordings(
      ["the ISO 4217 number of {}", "the numeric ISO code of {}"],
      ["the three-digit ISO number of {}"],
      ["the number that ISO 4217 assigns to {}"],
    ),
  },
  {
    field: "country",
    to: "country",
    answerType: "string",
    nouns: ["currency_country", "issuing_country"],
    description: "Country that alone uses a currency.",
    phrases: wordings(
      ["the country that uses {}", "the only country using {}"],
      ["the country that pays with {}"],
      ["the home country of {}"],
    ),
  },
];

export function currencySubjects(): Subject[] {
  const { countries } = readCountries();
  const names = countryNames();
  const known = loadPackage<{ readonly data: readonly Currency[] }>("currency-codes").data;
  const entities = known.flatMap(({ code, number, currency }): Entity[] => {
    const users = Object.keys(names).filter((country) => countries[country]!.currency.includes(code));
    if (users.length === 0) return [];
    const only = users.length === 1 ? users[0]! : undefined;
    // A unit of account or a former tender has a country that lists it, but nobody pays with it there.
    const isMain = only !== undefined && countries[only]!.currency[0] === code;
    return [
      {
        name: code,
        cluster: only ? `country:${only}` : `currency:${code}`,
        aliases: known.some((other) => other.code !== code && other.currency === currency) ? [] : [currency],
        facts: { name: currency, number, ...(isMain ? { country: names[only]! } : {}) },
      },
    ];
  });
  return [
    {
      id: "currency",
      domain: "money",
      sources: ["currency-codes", "countries-list"],
      parameters: ["currency", "currency_code", "code"],
      parameterDescription: "ISO 4217 code of the currency, three letters.",
      nouns: ["currency_info", "currency_facts", "currency_data"],
      description: "Facts about a currency.",
      refer: (name) => `the currency ${name}`,
      relations,
      entities,
    },
  ];
}
