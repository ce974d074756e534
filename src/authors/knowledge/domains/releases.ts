/** Releases of Node.js (node-releases): dates to count days between. Split by release line. */
import { type Entity, type Relation, type Subject, wordings } from "../knowledge.ts";
import { loadPackage } from "../packages.ts";

interface Release {
  readonly version: string;
  readonly date: string;
  readonly v8?: string;
}
type Schedule = Readonly<
  Record<string, { readonly lts?: string; readonly end: string; readonly codename?: string }>
>;

const relations: readonly Relation[] = [
  {
    field: "released",
    answerType: "date",
    nouns: ["release_date", "node_release_date", "version_date"],
    description: "Release date of a Node.js version.",
    phrases: wordings(
      ["the release date of {}", "the date of the release of {}"],
      ["the date on which {} came out"],
      ["the publication date of {}"],
    ),
    asks: wordings(
      ["When was {} released?", "On which date was {} released?"],
      ["On what date did {} come out?"],
      ["What date saw the publication of {}?"],
    ),
  },
  {
    field: "end_of_life",
    answerType: "date",
    nouns: ["end_of_life", "support_end", "line_end_date"],
    description: "Date on which support ends for the release line of a Node.js version.",
    phrases: wordings(
      ["the end-of-life date of the release line of {}", "the end date of the release line of {}"],
      ["the date on which support ends for the release line of {}"],
      ["the last day of support, as a date, for the release line of {}"],
    ),
  },
  {
    field: "lts_start",
    answerType: "date",
    nouns: ["lts_start", "long_term_support_start"],
    description: "Date on which the release line of a Node.js version entered long-term support.",
    phrases: wordings(
      [
        "the date on which the release line of {} entered long-term support",
        "the long-term support start date for the release line of {}",
      ],
      ["the date that began long-term support for the release line of {}"],
      ["the first day of long-term support, as a date, for the release line of {}"],
    ),
  },
  {
    field: "v8",
    answerType: "string",
    nouns: ["v8_version", "engine_version"],
    description: "Version of the V8 engine in a Node.js version.",
    phrases: wordings(
      ["the V8 version in {}", "the version of V8 that came with {}"],
      ["the V8 engine version inside {}"],
      ["the version of the V8 engine bundled with {}"],
    ),
  },
  {
    field: "codename",
    answerType: "string",
    nouns: ["lts_codename", "release_codename"],
    description: "Codename of the long-term support line of a Node.js version.",
    phrases: wordings(
      ["the codename of the release line of {}", "the LTS codename for the release line of {}"],
      ["the codename that belongs to the release line of {}"],
      ["the name, from the periodic table, given to the release line of {}"],
    ),
  },
];

/** Lines before 4 have dates that the package itself does not know. Drafts of releases are left out. */
const firstLine = 4;

export function releaseSubjects(): Subject[] {
  const schedule = loadPackage<Schedule>("node-releases/data/release-schedule/release-schedule.json");
  const lineOf = (version: string) => Number(version.split(".")[0]);
  const releases = loadPackage<readonly Release[]>("node-releases/data/processed/envs.json").filter(
    ({ version }) => /^\d+\.\d+\.\d+$/.test(version) && lineOf(version) >= firstLine,
  );
  return [
    {
      id: "node_release",
      domain: "releases",
      sources: ["node-releases"],
      parameters: ["version", "release", "node_version"],
      parameterDescription: "Version of Node.js, e.g. three numbers with dots.",
      nouns: ["node_release_info", "release_facts", "release_data"],
      description: "Facts about a release of Node.js.",
      refer: (name) => `Node.js ${name}`,
      relations,
      entities: releases.map(({ version, date, v8 }): Entity => {
        const line = schedule[`v${lineOf(version)}`];
        return {
          name: version,
          cluster: `node-line:${lineOf(version)}`,
          aliases: [`v${version}`],
          facts: {
            released: date,
            ...(v8 ? { v8 } : {}),
            ...(line ? { end_of_life: line.end } : {}),
            ...(line?.lts ? { lts_start: line.lts } : {}),
            ...(line?.codename ? { codename: line.codename } : {}),
          },
        };
      }),
    },
  ];
}
