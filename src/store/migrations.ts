/**
 * The schema as a list of steps, each applied once and never edited after a release: a change is a new entry, and only
 * adds what an older build can leave out, which may work on the same database. Columns of JSON are `json`, not `jsonb`,
 * because what was committed is given back as it was: jsonb reorders members and refuses U+0000, which a policy may well
 * say.
 */
import { type Kysely, type Migration, sql } from "kysely";

const first: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    for (const statement of [
      sql`CREATE SEQUENCE fences`,
      sql`CREATE TABLE runs (
        run text PRIMARY KEY, workflow_type text NOT NULL, input json NOT NULL, state text NOT NULL,
        branch integer NOT NULL, position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
        created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now())`,
      sql`CREATE TABLE stages (
        run text NOT NULL, stage text NOT NULL, type text NOT NULL, input_hash text NOT NULL, state text NOT NULL,
        result json, progress json, position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
        PRIMARY KEY (run, stage))`,
      sql`CREATE INDEX stages_by_input ON stages (input_hash, position)`,
      sql`CREATE TABLE steps (
        key text PRIMARY KEY, run text NOT NULL, branch integer NOT NULL, iteration integer NOT NULL,
        kind text NOT NULL, fence bigint NOT NULL, state text NOT NULL CHECK (state IN ('claimed', 'committed')),
        result json, failures integer NOT NULL DEFAULT 0, committed_at timestamptz,
        CHECK ((state = 'committed') = (result IS NOT NULL)))`,
      sql`CREATE TABLE lineage (
        run text NOT NULL, stage text NOT NULL, branch integer NOT NULL, iteration integer NOT NULL,
        step_key text NOT NULL, parent text NOT NULL, checkpoint json NOT NULL, weights_sha256 text NOT NULL,
        optimizer_sha256 text NOT NULL, metrics json NOT NULL,
        PRIMARY KEY (run, stage, branch, iteration), UNIQUE (run, stage, iteration, step_key))`,
      sql`CREATE TABLE artifacts (
        hash text PRIMARY KEY, kind text NOT NULL, bytes bigint NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now())`,
      sql`CREATE TABLE leases (hash text PRIMARY KEY, expires_at timestamptz NOT NULL)`,
    ])
      await statement.execute(database);
  },
};

/** What an update was computed from; null for those made before it was kept. */
const recipes: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql`ALTER TABLE lineage ADD COLUMN recipe json`.execute(database);
    await sql`CREATE INDEX lineage_by_checkpoint ON lineage ((checkpoint->>'hash'))`.execute(database);
  },
};

/** What each run computes with. */
const numerics: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql`CREATE TABLE numerics (run text PRIMARY KEY, numerics json NOT NULL)`.execute(database);
  },
};

/** Iterations that a tripwire kept from being committed; the id is a hash of what tripped, so that it is noted once. */
const trips: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql`CREATE TABLE trips (
      id text PRIMARY KEY, run text NOT NULL, trip json NOT NULL,
      position bigint GENERATED ALWAYS AS IDENTITY UNIQUE)`.execute(database);
    await sql`CREATE INDEX trips_by_run ON trips (run, position)`.execute(database);
  },
};

/** Runs that somebody let go on with other numerics, and when that came about. */
const numericsChanges: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql`ALTER TABLE numerics ADD COLUMN change text NOT NULL DEFAULT 'none'
      CHECK (change IN ('none', 'asked', 'given'))`.execute(database);
    await sql`CREATE TABLE numerics_changes (
      run text NOT NULL, change json NOT NULL, position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)`.execute(
      database,
    );
  },
};

/** Hyper-parameters that people changed while a policy trained. */
const changes: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql`CREATE TABLE changes (
      run text NOT NULL, stage text NOT NULL, id text NOT NULL, iteration integer NOT NULL, changes json NOT NULL,
      position bigint GENERATED ALWAYS AS IDENTITY UNIQUE, PRIMARY KEY (run, stage, id))`.execute(database);
  },
};

/** Which commit a branch of the Hub was when a run first named it. */
const pins: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql`CREATE TABLE pins (
      run text NOT NULL, source text NOT NULL, pinned text NOT NULL, PRIMARY KEY (run, source))`.execute(
      database,
    );
  },
};

/** After which trip a change was made, so that a training which is begun again has it hold from there. */
const changesAfterTrips: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    await sql`ALTER TABLE changes ADD COLUMN after_trip text`.execute(database);
  },
};

/** The fence under which a run's or a stage's row was written last. */
const recordFences: Migration = {
  async up(database: Kysely<unknown>): Promise<void> {
    for (const table of ["runs", "stages"])
      await sql`ALTER TABLE ${sql.table(table)} ADD COLUMN fence bigint NOT NULL DEFAULT 0`.execute(database);
  },
};

export const migrations: Record<string, Migration> = {
  "0001_first": first,
  "0002_recipes": recipes,
  "0003_numerics": numerics,
  "0004_trips": trips,
  "0005_numerics_changes": numericsChanges,
  "0006_changes": changes,
  "0007_pins": pins,
  "0008_changes_after_trips": changesAfterTrips,
  "0009_record_fences": recordFences,
};
