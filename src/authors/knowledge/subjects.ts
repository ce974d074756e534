/** All subjects the author knows, with entities indexed by name and by split. Read once, on first use. */
import { type Split, splits } from "../../core/environment/environment.ts";
import { splitOf } from "../../core/environment/split.ts";
import type { SubjectTable } from "../../core/synthesis/candidate.ts";
import { tidyKey } from "../../core/synthesis/deploy/lookup-key.ts";
import { airportSubjects } from "./domains/airports.ts";
import { chemistrySubjects } from "./domains/chemistry.ts";
import { citySubjects } from "./domains/cities.ts";
import { countrySubjects } from "./domains/countries.ts";
import { currencySubjects } from "./domains/currencies.ts";
import { languageNames, languageSubjects } from "./domains/languages.ts";
import { mediaTypeSubjects } from "./domains/media-types.ts";
import { softwareSubjects } from "./domains/software.ts";
import type { Entity, Subject } from "./knowledge.ts";

export interface KnownSubject extends Subject {
  readonly byKey: ReadonlyMap<string, Entity>;
  readonly bySplit: Readonly<Record<Split, readonly Entity[]>>;
}

let known: ReadonlyMap<string, KnownSubject> | undefined;

export function knownSubjects(): ReadonlyMap<string, KnownSubject> {
  known ??= new Map(readSubjects().map((subject) => [subject.id, indexed(subject)]));
  return known;
}

function readSubjects(): Subject[] {
  const languages = languageNames();
  const cities = citySubjects();
  const countries = new Map(cities[0]!.entities.map(({ name, facts }) => [tidyKey(name), facts.country]));
  return [
    ...countrySubjects((code) => languages[code]),
    ...cities,
    ...airportSubjects((city, country) => countries.get(tidyKey(city)) === country),
    ...currencySubjects(),
    ...languageSubjects(),
    ...chemistrySubjects(),
    ...mediaTypeSubjects(),
    ...softwareSubjects(),
  ];
}

/** Of two entities with one key, the first stays: tools could not tell them apart. */
function indexed(subject: Subject): KnownSubject {
  const byKey = new Map<string, Entity>();
  for (const entity of subject.entities)
    if (!byKey.has(tidyKey(entity.name))) byKey.set(tidyKey(entity.name), entity);
  const entities = [...byKey.values()];
  const bySplit = Object.fromEntries(
    splits.map((split) => [split, entities.filter(({ cluster }) => splitOf(cluster) === split)]),
  ) as Record<Split, Entity[]>;
  return { ...subject, entities, byKey, bySplit };
}

/** The subject's data as tools read them. An alias that is some entity's own name does not count. */
export function subjectTable({ byKey }: KnownSubject): SubjectTable {
  const aliases: Record<string, string> = {};
  const rows: Record<string, Entity["facts"]> = {};
  for (const [key, entity] of byKey) {
    rows[key] = entity.facts;
    for (const alias of entity.aliases.map(tidyKey)) if (!byKey.has(alias)) aliases[alias] = key;
  }
  return { aliases, rows };
}
