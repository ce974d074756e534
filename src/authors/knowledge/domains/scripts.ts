/** Scripts of the world (CLDR). A script is split with the country it comes from. */
import { type Entity, type Relation, type Subject, wordings } from "../knowledge.ts";
import { loadPackage } from "../packages.ts";
import { countryNames } from "./countries.ts";

interface Script {
  readonly originCountry: string;
  readonly sampleChar: string;
}

const relations: readonly Relation[] = [
  {
    field: "origin",
    to: "country",
    answerType: "string",
    nouns: ["script_origin", "origin_of_script", "script_country"],
    description: "Country that a script comes from.",
    phrases: wordings(
      ["the country of origin of {}", "the origin country of {}"],
      ["the country that was the birthplace of {}"],
      ["the country where people first wrote {}"],
    ),
  },
  {
    field: "sample_code_point",
    answerType: "string",
    nouns: ["sample_character", "script_sample"],
    description: "Unicode code point of the sample character of a script.",
    phrases: wordings(
      ["the code point of the sample character of {}", "the Unicode code point of the sample letter of {}"],
      ["the code point that CLDR gives as a sample of {}"],
      ["the Unicode number of the sample character for {}"],
    ),
  },
];

export function scriptSubjects(): Subject[] {
  const names = countryNames();
  const { scriptMetadata } = loadPackage<{ readonly scriptMetadata: Readonly<Record<string, Script>> }>(
    "cldr-core/scriptMetadata.json",
  );
  const codePoint = (text: string) => text.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
  return [
    {
      id: "script",
      domain: "languages",
      sources: ["cldr-core", "countries-list"],
      parameters: ["script", "script_code", "iso_15924"],
      parameterDescription: "ISO 15924 code of the script, four letters.",
      nouns: ["script_info", "script_facts", "script_data"],
      description: "Facts about a script.",
      refer: (name) => `the script ${name}`,
      relations,
      entities: Object.entries(scriptMetadata)
        .filter(([code, { originCountry }]) => names[originCountry] && !code.startsWith("Z"))
        .map(
          ([code, { originCountry, sampleChar }]): Entity => ({
            name: code,
            cluster: `country:${originCountry}`,
            aliases: [],
            facts: {
              origin: names[originCountry]!,
              ...([...sampleChar].length === 1 ? { sample_code_point: `U+${codePoint(sampleChar)}` } : {}),
            },
          }),
        ),
    },
  ];
}
