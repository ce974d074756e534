/** Living languages (iso-639-3, CLDR). A language is split with the country that has most of its speakers. */
import { type Entity, type Relation, type Subject, wordings } from "../knowledge.ts";
import { loadPackage } from "../packages.ts";
import { countryNames, readTerritories } from "./countries.ts";

interface Language {
  readonly name: string;
  readonly type: string;
  readonly iso6393: string;
  readonly iso6392B?: string;
  readonly iso6391?: string;
}

const relations: readonly Relation[] = [
  {
    field: "iso_code",
    answerType: "string",
    nouns: ["language_code", "iso_639_3", "three_letter_language_code"],
    description: "ISO 639-3 code of a language.",
    phrases: wordings(
      ["the ISO 639-3 code of {}", "the three-letter language code of {}"],
      ["the ISO 639-3 identifier for {}"],
      ["the code that ISO 639-3 gives {}"],
    ),
  },
  {
    field: "script",
    to: "script",
    answerType: "string",
    nouns: ["language_script", "script_code", "writing_system"],
    description: "ISO 15924 code of the main script of a language.",
    phrases: wordings(
      ["the ISO 15924 script of {}", "the script, by its four-letter ISO code, of {}"],
      ["the writing system, by its ISO 15924 code, of {}"],
      ["the script, as an ISO 15924 code, in which one writes {}"],
    ),
    onward: wordings(
      ["the script of {}", "the main script of {}"],
      ["the writing system of {}"],
      ["the script in which one writes {}"],
    ),
  },
  {
    field: "country",
    to: "country",
    answerType: "string",
    nouns: ["language_country", "most_speakers_country"],
    description: "Country with the most speakers of a language.",
    phrases: wordings(
      [
        "the country with the most speakers of {}",
        "the country with the biggest community of speakers of {}",
      ],
      ["the country where more people than anywhere else speak {}"],
      ["the country with the largest number of speakers of {}"],
    ),
  },
];

interface Named {
  readonly name: string;
  /** Absent where a member of a macrolanguage has its name and another code. */
  readonly isoCode?: string;
}

/**
 * By CLDR code, the living languages whose plain name means them and no other. "Malay" is the macrolanguage; "Tonga", of
 * which there are three, is none of them.
 */
function namedLanguages(): ReadonlyMap<string, Named> {
  const living = loadPackage<{ readonly iso6393: readonly Language[] }>("iso-639-3").iso6393.filter(
    ({ type }) => type === "living",
  );
  const bearers = new Map<string, number>();
  for (const { name } of living) bearers.set(plain(name), (bearers.get(plain(name)) ?? 0) + 1);
  const named = living.flatMap(({ name, iso6391, iso6393 }): [string, Named][] => {
    const isAlone = bearers.get(plain(name)) === 1;
    if (!/^[\p{L} '-]+$/u.test(plain(name)) || !(isAlone || name.endsWith(" (macrolanguage)"))) return [];
    return [[iso6391 ?? iso6393, { name: plain(name), ...(isAlone ? { isoCode: iso6393 } : {}) }]];
  });
  return new Map(named);
}

/** CLDR code -> name. */
export const languageNames = (): Readonly<Record<string, string>> =>
  Object.fromEntries([...namedLanguages()].map(([code, { name }]) => [code, name]));

/** "Modern Greek (1453-)" is asked about as "Modern Greek". */
const plain = (name: string) => name.replace(/ \([^)]*\)$/, "");

export function languageSubjects(): Subject[] {
  const scripts = loadPackage<{
    readonly supplemental: {
      readonly languageData: Readonly<Record<string, { readonly _scripts?: readonly string[] }>>;
    };
  }>("cldr-core/supplemental/languageData.json").supplemental.languageData;
  const homes = homeCountries();
  const countries = countryNames();
  const spoken = [...namedLanguages()].filter(([code]) => homes.has(code));
  const entities = spoken.map(([code, { name, isoCode }]): Entity => {
    const home = homes.get(code)!;
    const script = scripts[code]?._scripts;
    return {
      name,
      cluster: `country:${home}`,
      aliases: [],
      facts: {
        country: countries[home]!,
        ...(isoCode ? { iso_code: isoCode } : {}),
        ...(script?.length === 1 ? { script: script[0]! } : {}),
      },
    };
  });
  return [
    {
      id: "language",
      domain: "languages",
      sources: ["iso-639-3", "cldr-core", "countries-list"],
      parameters: ["language", "language_name", "tongue"],
      parameterDescription: "English name of the language.",
      nouns: ["language_info", "language_facts", "language_data"],
      description: "Facts about a language.",
      refer: (name) => `the ${name} language`,
      relations,
      entities,
    },
  ];
}

/** Language code -> the country where CLDR counts the most speakers. */
function homeCountries(): Map<string, string> {
  const names = countryNames();
  const most = new Map<string, { country: string; speakers: number }>();
  for (const [country, territory] of Object.entries(readTerritories())) {
    if (!names[country]) continue;
    for (const [code, { _populationPercent }] of Object.entries(territory.languagePopulation ?? {})) {
      const speakers = (Number(territory._population) * Number(_populationPercent)) / 100;
      const language = code.split("_")[0]!;
      if (speakers > (most.get(language)?.speakers ?? 0)) most.set(language, { country, speakers });
    }
  }
  return new Map([...most].map(([language, { country }]) => [language, country]));
}
