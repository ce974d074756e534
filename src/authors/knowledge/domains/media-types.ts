/** File extensions and media types (mime-db). Split by media type, an extension with its type. */
import { type Entity, type Relation, type Subject, wordings } from "../knowledge.ts";
import { loadPackage } from "../packages.ts";

interface MediaType {
  readonly source?: string;
  readonly extensions?: readonly string[];
}

const extensionRelations: readonly Relation[] = [
  {
    field: "media_type",
    to: "media_type",
    answerType: "string",
    nouns: ["media_type", "mime_type", "content_type"],
    description: "Media type of a file extension.",
    phrases: wordings(
      ["the media type of {} files", "the MIME type of files ending in {}"],
      ["the media type registered for {} files"],
      ["the content type that servers send for {} files"],
    ),
  },
];

const typeRelations: readonly Relation[] = [
  {
    field: "extension",
    answerType: "string",
    nouns: ["file_extension", "main_extension", "extension_of_type"],
    description: "Usual file extension of a media type.",
    phrases: wordings(
      ["the file extension of {}", "the usual file extension for {}"],
      ["the first file extension listed for {}"],
      ["the ending that file names get for {}"],
    ),
  },
  {
    field: "registry",
    answerType: "string",
    nouns: ["type_registry", "type_source", "media_type_origin"],
    description: "Who defined a media type.",
    phrases: wordings(
      ["the registry that defines {}", "the source that lists {}"],
      ["the registry responsible for {}"],
      ["the project or registry that recorded {}"],
    ),
  },
];

/** An extension that several types list is left out: nothing says which of them its files have. */
export function mediaTypeSubjects(): Subject[] {
  const types = Object.entries(loadPackage<Readonly<Record<string, MediaType>>>("mime-db")).filter(
    ([, { extensions }]) => extensions?.length,
  );
  const listings = types.flatMap(([name, { extensions }]) =>
    extensions!.map((extension) => [extension, name] as const),
  );
  const timesListed = new Map<string, number>();
  for (const [extension] of listings) timesListed.set(extension, (timesListed.get(extension) ?? 0) + 1);
  const cluster = (name: string) => `media-type:${name}`;
  return [
    {
      id: "extension",
      isCode: true,
      domain: "files",
      sources: ["mime-db"],
      parameters: ["extension", "file_extension", "suffix"],
      parameterDescription: "File extension with its dot.",
      nouns: ["extension_info", "file_ending_data"],
      description: "What a file extension stands for.",
      refer: (name) => name,
      relations: extensionRelations,
      entities: listings
        .filter(([extension]) => timesListed.get(extension) === 1)
        .map(([extension, owner]) => ({
          name: `.${extension}`,
          cluster: cluster(owner),
          aliases: [extension],
          facts: { media_type: owner },
        })),
    },
    {
      id: "media_type",
      domain: "files",
      sources: ["mime-db"],
      parameters: ["media_type", "mime_type", "content_type"],
      parameterDescription: "Media type as type/subtype.",
      nouns: ["media_type_info", "mime_facts"],
      description: "Facts about a media type.",
      refer: (name) => `the media type ${name}`,
      relations: typeRelations,
      entities: types.map(
        ([name, { extensions, source }]): Entity => ({
          name,
          cluster: cluster(name),
          aliases: [],
          facts: { extension: `.${extensions![0]}`, ...(source ? { registry: source } : {}) },
        }),
      ),
    },
  ];
}
