/** What can be asked about a country, and how. */
import { type Relation, wordings } from "../knowledge.ts";

export const countryRelations: readonly Relation[] = [
  {
    field: "capital",
    to: "city",
    back: "country",
    answerType: "string",
    nouns: ["capital", "capital_city", "country_capital"],
    description: "Capital of a country.",
    phrases: wordings(
      ["the capital of {}", "the capital city of {}"],
      ["the national capital of {}"],
      ["the city that is the capital of {}"],
    ),
  },
  {
    field: "currency",
    to: "currency",
    answerType: "string",
    nouns: ["currency", "currency_code", "country_currency"],
    description: "ISO 4217 code of a country's currency.",
    phrases: wordings(
      ["the currency code of {}", "the ISO currency code of {}"],
      ["the three-letter currency code used in {}"],
      ["the ISO 4217 code of the money used in {}"],
    ),
    onward: wordings(
      ["the currency of {}", "the national currency of {}"],
      ["the currency used in {}"],
      ["the money that people use in {}"],
    ),
  },
  {
    field: "currency_since",
    answerType: "date",
    nouns: ["currency_since", "currency_start", "tender_since"],
    description: "Date since which a country has its present currency.",
    phrases: wordings(
      [
        "the date since which {} has had its present currency",
        "the date on which the present currency of {} came into use",
      ],
      ["the date that brought {} its present currency"],
      ["the first day, as a date, of the present currency of {}"],
    ),
  },
  {
    field: "former_currency",
    answerType: "string",
    nouns: ["former_currency", "previous_currency"],
    description: "ISO 4217 code of the currency that a country had before its present one.",
    phrases: wordings(
      ["the code of the previous currency of {}", "the ISO code of the former currency of {}"],
      ["the code of the currency that {} had before its present one"],
      ["the ISO 4217 code of the money last replaced in {}"],
    ),
  },
  {
    field: "largest_city",
    to: "city",
    back: "country",
    answerType: "string",
    nouns: ["largest_city", "most_populous_city", "biggest_city"],
    description: "Most populous city of a country.",
    phrases: wordings(
      ["the most populous city of {}", "the largest city of {}"],
      ["the city with the most inhabitants in {}"],
      ["the city that has more residents than any other in {}"],
    ),
  },
  {
    field: "continent",
    answerType: "string",
    nouns: ["continent", "country_continent"],
    description: "Continent of a country.",
    phrases: wordings(
      ["the continent of {}", "the continent that includes {}"],
      ["the continent that contains {}"],
      ["the continent that is home to {}"],
    ),
    asks: wordings(
      ["Which continent is {} in?", "On which continent is {}?"],
      ["To which continent does {} belong?"],
      ["Which continent is {} part of?"],
    ),
  },
  {
    field: "calling_code",
    answerType: "string",
    nouns: ["calling_code", "dial_code", "phone_prefix"],
    description: "International calling code of a country.",
    phrases: wordings(
      ["the calling code of {}", "the international dialling code of {}"],
      ["the telephone country code of {}"],
      ["the phone prefix of {}"],
    ),
  },
  {
    field: "population",
    answerType: "number",
    unit: "people",
    nouns: ["population", "country_population", "inhabitants"],
    description: "Population of a country.",
    phrases: wordings(
      ["the population of {}", "the number of people in {}"],
      ["the number of inhabitants of {}"],
      ["the total population of {}"],
    ),
    asks: wordings(
      ["How many people live in {}?"],
      ["How many inhabitants does {} have?"],
      ["How populous is {}?"],
    ),
    superlatives: ["the largest population", "the smallest population"],
    addable: true,
  },
  {
    field: "gdp",
    answerType: "number",
    unit: "international dollars",
    nouns: ["gdp", "economic_output", "country_gdp"],
    description: "Gross domestic product of a country at purchasing power parity.",
    phrases: wordings(
      ["the GDP at purchasing power parity of {}", "the purchasing-power-parity GDP of {}"],
      ["the economic output, at purchasing power parity, of {}"],
      ["the gross domestic product, at purchasing power parity, of {}"],
    ),
    superlatives: [
      "the largest GDP at purchasing power parity",
      "the smallest GDP at purchasing power parity",
    ],
    addable: true,
  },
  {
    field: "language",
    to: "language",
    answerType: "string",
    nouns: ["language", "main_language", "official_language"],
    description: "Most spoken official language of a country.",
    phrases: wordings(
      ["the main official language of {}", "the most spoken official language of {}"],
      ["the official language with the most speakers in {}"],
      ["the principal official language of {}"],
    ),
  },
  {
    field: "numeric_code",
    answerType: "string",
    nouns: ["numeric_code", "iso_number", "country_number"],
    description: "ISO 3166 three-digit code of a country.",
    phrases: wordings(
      ["the ISO numeric code of {}", "the three-digit ISO code of {}"],
      ["the ISO 3166 number of {}"],
      ["the numeric country code of {} under ISO 3166"],
    ),
  },
  {
    field: "alpha3",
    answerType: "string",
    nouns: ["alpha3", "iso_code", "three_letter_code"],
    description: "ISO 3166 three-letter code of a country.",
    phrases: wordings(
      ["the ISO alpha-3 code of {}", "the three-letter ISO country code of {}"],
      ["the alpha-3 code that ISO 3166 gives {}"],
      ["the ISO 3166 code in three letters of {}"],
    ),
  },
  {
    field: "week_start",
    answerType: "string",
    nouns: ["week_start", "first_weekday", "first_day_of_week"],
    description: "Day on which calendars of a country begin the week.",
    phrases: wordings(
      ["the first day of the week in {}", "the day that starts the week in {}"],
      ["the day on which calendars begin the week in {}"],
      ["the opening day of the calendar week in {}"],
    ),
  },
];
