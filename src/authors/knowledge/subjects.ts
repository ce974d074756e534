/** All subjects the author knows, with entities indexed by name and by split. Read once, on first use. */
import { type Split, splits } from "../../core/environment/environment.ts";
import { splitOf, splitOfRelation } from "../../core/environment/split.ts";
import type { SubjectTable } from "../../core/synthesis/candidate.ts";
import { tidyKey } from "../../core/synthesis/deploy/lookup-key.ts";
import { airportSubjects } from "./domains/airports.ts";
import { chemistrySubjects } from "./domains/chemistry.ts";
import { citySubject, largestCities, mainCities } from "./domains/cities.ts";
import { countrySubjects } from "./domains/countries.ts";
import { currencySubjects } from "./domains/currencies.ts";
import { languageNames, languageSubjects } from "./domains/languages.ts";
import { mediaTypeSubjects } from "./domains/media-types.ts";
import { releaseSubjects } from "./domains/releases.ts";
import { scriptSubjects } from "./domains/scripts.ts";
import { softwareSubjects } from "./domains/software.ts";
import { zoneSubject } from "./domains/time-zones.ts";
import type { Entity, Subject } from "./knowledge.ts";

export interface KnownSubject extends Subject {
  readonly byKey: ReadonlyMap<string, Entity>;
  readonly byName: ReadonlyMap<string, Entity>;
  readonly bySplit: Readonly<Record<Split, readonly Entity[]>>;
  readonly splitOfEntity: ReadonlyMap<Entity, Split>;
}

let known: ReadonlyMap<string, KnownSubject> | undefined;

export function knownSubjects(): ReadonlyMap<string, KnownSubject> {
  known ??= new Map(readSubjects().map((subject) => [subject.id, indexed(subject)]));
  return known;
}

function readSubjects(): Subject[] {
  const languages = languageNames();
  const cities = citySubject();
  const countries = new Map(cities.entities.map(({ name, facts }) => [tidyKey(name), facts.country]));
  return [
    ...countrySubjects((code) => languages[code], largestCities()),
    cities,
    zoneSubject(mainCities()),
    ...airportSubjects((city, country) => countries.get(tidyKey(city)) === country),
    ...currencySubjects(),
    ...languageSubjects(),
    ...scriptSubjects(),
    ...chemistrySubjects(),
    ...mediaTypeSubjects(),
    ...softwareSubjects(),
    ...releaseSubjects(),
  ];
}

/** Of two entities with one key, the first stays: tools could not tell them apart. */
function indexed(subject: Subject): KnownSubject {
  const byKey = new Map<string, Entity>();
  for (const entity of subject.entities)
    if (!byKey.has(tidyKey(entity.name))) byKey.set(tidyKey(entity.name), entity);
  const entities = [...byKey.values()];
  const splitOfEntity = new Map(entities.map((entity) => [entity, splitOf(entity.cluster)]));
  const bySplit = Object.fromEntries(
    splits.map((split) => [split, entities.filter((entity) => splitOfEntity.get(entity) === split)]),
  ) as Record<Split, Entity[]>;
  const byName = new Map(entities.map((entity) => [entity.name, entity]));
  return { ...subject, entities, byKey, byName, bySplit, splitOfEntity };
}

/** The same subjects with the split's relations alone: links, which all splits share, and its part of the others. */
export function withRelationsOf(split: Split, subjects: Iterable<KnownSubject>): KnownSubject[] {
  return [...subjects].map((subject) => ({
    ...subject,
    relations: subject.relations.filter(
      ({ to, field }) => to !== undefined || splitOfRelation(subject.id, field) === split,
    ),
  }));
}

const tables = new WeakMap<KnownSubject, SubjectTable>();

/** The subject's data as tools read them; made once. An alias that is some entity's own name does not count. */
export function subjectTable(subject: KnownSubject): SubjectTable {
  const table = tables.get(subject) ?? tableOf(subject);
  tables.set(subject, table);
  return table;
}

function tableOf({ byKey }: KnownSubject): SubjectTable {
  const aliases: Record<string, string> = {};
  const rows: Record<string, Entity["facts"]> = {};
  for (const [key, entity] of byKey) {
    rows[key] = entity.facts;
    for (const alias of entity.aliases.map(tidyKey)) if (!byKey.has(alias)) aliases[alias] = key;
  }
  return { aliases, rows };
}
