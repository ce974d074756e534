/**
 * Software licences (SPDX) and computer languages (GitHub Linguist). Split by licence and by language. Markup, data and prose
 * are among what Linguist lists, so no question calls a language a programming language.
 */
import { type Entity, type Relation, type Subject, wordings } from "../knowledge.ts";
import { loadPackage } from "../packages.ts";

interface Licence {
  readonly name: string;
  readonly url: string;
}
interface ProgrammingLanguage {
  readonly name: string;
  readonly type: string;
  readonly languageId: number;
  readonly color?: string;
  readonly extensions?: readonly string[];
  readonly tmScope: string;
}

const licenceRelations: readonly Relation[] = [
  {
    field: "name",
    answerType: "string",
    nouns: ["licence_name", "license_name", "full_licence_name"],
    description: "Full name of an SPDX licence.",
    phrases: wordings(
      ["the full name of {}", "the complete name of {}"],
      ["the name that SPDX lists for {}"],
      ["the unabbreviated name of {}"],
    ),
  },
  {
    field: "url",
    answerType: "string",
    nouns: ["licence_url", "license_link", "licence_address"],
    description: "Web address of an SPDX licence.",
    phrases: wordings(
      ["the web address of {}", "the URL that SPDX gives for {}"],
      ["the link that SPDX lists for {}"],
      ["the address on the web of {}"],
    ),
  },
];

const languageRelations: readonly Relation[] = [
  {
    field: "color",
    answerType: "string",
    nouns: ["language_color", "linguist_color", "badge_color"],
    description: "Colour of a computer language on GitHub.",
    phrases: wordings(
      ["the colour on GitHub of {}", "the GitHub colour code of {}"],
      ["the hex colour that GitHub shows for {}"],
      ["the hexadecimal colour GitHub uses for {}"],
    ),
  },
  {
    field: "kind",
    answerType: "string",
    nouns: ["language_kind", "language_class"],
    description: "Linguist's class of a computer language.",
    phrases: wordings(
      ["the Linguist class of {}", "the class in Linguist of {}"],
      ["the category in Linguist of {}"],
      ["the type that Linguist assigns to {}"],
    ),
  },
  {
    field: "extension",
    answerType: "string",
    nouns: ["source_extension", "code_file_ending"],
    description: "Main file extension of a computer language.",
    phrases: wordings(
      ["the main file extension of {}", "the extension of source files in {}"],
      ["the primary file extension of {}"],
      ["the ending of source files written in {}"],
    ),
  },
  {
    field: "linguist_id",
    answerType: "string",
    nouns: ["linguist_id", "language_number"],
    description: "Linguist number of a computer language.",
    phrases: wordings(
      ["the Linguist id of {}", "the Linguist number of {}"],
      ["the numeric Linguist identifier of {}"],
      ["the number under which Linguist lists {}"],
    ),
  },
  {
    field: "scope",
    answerType: "string",
    nouns: ["grammar_scope", "textmate_scope"],
    description: "TextMate scope of a computer language.",
    phrases: wordings(
      ["the TextMate scope of {}", "the grammar scope of {}"],
      ["the TextMate grammar name of {}"],
      ["the scope that TextMate grammars give {}"],
    ),
  },
];

export function softwareSubjects(): Subject[] {
  const licences = Object.entries(loadPackage<Readonly<Record<string, Licence>>>("spdx-license-list"));
  const languages = Object.values(
    loadPackage<Readonly<Record<string, ProgrammingLanguage>>>("linguist-languages"),
  );
  return [
    {
      id: "licence",
      domain: "software",
      sources: ["spdx-license-list"],
      parameters: ["licence", "spdx_id", "license_id"],
      parameterDescription: "SPDX identifier of the licence.",
      nouns: ["licence_info", "license_facts", "licence_data"],
      description: "Facts about a software licence.",
      refer: (name) => `the licence ${name}`,
      relations: licenceRelations,
      entities: licences.map(([id, { name, url }]) => ({
        name: id,
        cluster: `licence:${id}`,
        aliases: [],
        facts: { name, ...(/^https?:\S+$/.test(url) ? { url } : {}) },
      })),
    },
    {
      id: "programming_language",
      domain: "software",
      sources: ["linguist-languages"],
      parameters: ["language", "programming_language", "language_name"],
      parameterDescription: "Name of the computer language as GitHub writes it.",
      nouns: ["code_language_info", "programming_language_facts", "linguist_data"],
      description: "Facts about a computer language.",
      refer: (name) => `the computer language ${name}`,
      relations: languageRelations,
      entities: languages.map(
        ({ name, type, color, extensions, languageId, tmScope }): Entity => ({
          name,
          cluster: `programming-language:${name}`,
          aliases: [],
          facts: {
            kind: type,
            linguist_id: String(languageId),
            ...(color ? { color } : {}),
            ...(extensions?.[0] ? { extension: extensions[0] } : {}),
            ...(tmScope && tmScope !== "none" ? { scope: tmScope } : {}),
          },
        }),
      ),
    },
  ];
}
