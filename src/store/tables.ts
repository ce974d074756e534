/** The rows of the database as kysely sees them. `migrations.ts` makes these tables; nothing else defines them. */
import type { ColumnType, Generated } from "kysely";

/** Written as JSON text; pg parses it on the way out. */
type JsonColumn = ColumnType<unknown, string, string>;
type NullableJsonColumn = ColumnType<unknown, string | null, string | null>;
/** pg gives int8 as text, lest it exceed a double. */
type BigintColumn = ColumnType<string, number, number>;
type Timestamp = ColumnType<Date, never, Date>;

/** bigint: as text, 0 at first. */
type Fence = ColumnType<string, string | undefined, string>;

interface RunsTable {
  run: string;
  workflow_type: string;
  input: JsonColumn;
  state: string;
  branch: number;
  /** Order of creation; unique, so that "newest" has one answer. */
  position: Generated<string>;
  created_at: Timestamp;
  updated_at: Timestamp;
  fence: Fence;
}

interface StagesTable {
  fence: Fence;
  run: string;
  stage: string;
  type: string;
  input_hash: string;
  state: string;
  result: NullableJsonColumn;
  progress: NullableJsonColumn;
  position: Generated<string>;
}

interface StepsTable {
  key: string;
  run: string;
  branch: number;
  iteration: number;
  kind: string;
  fence: BigintColumn;
  state: "claimed" | "committed";
  result: NullableJsonColumn;
  failures: Generated<number>;
  committed_at: ColumnType<Date | null, never, Date>;
}

interface LineageTable {
  run: string;
  stage: string;
  branch: number;
  iteration: number;
  step_key: string;
  parent: string;
  checkpoint: JsonColumn;
  weights_sha256: string;
  optimizer_sha256: string;
  metrics: JsonColumn;
  recipe: NullableJsonColumn;
}

interface ArtifactsTable {
  hash: string;
  kind: string;
  bytes: BigintColumn;
  created_at: Timestamp;
}

interface LeasesTable {
  hash: string;
  expires_at: Date;
}

interface NumericsTable {
  run: string;
  numerics: JsonColumn;
  change: ColumnType<"none" | "asked" | "given", "asked" | undefined>;
}

interface NumericsChangesTable {
  run: string;
  change: JsonColumn;
  position: Generated<string>;
}

interface ChangesTable {
  run: string;
  stage: string;
  id: string;
  iteration: number;
  changes: JsonColumn;
  /** Null where nothing had tripped. */
  after_trip: string | null;
  position: Generated<string>;
}

interface PinsTable {
  run: string;
  source: string;
  pinned: string;
}

interface TripsTable {
  id: string;
  run: string;
  trip: JsonColumn;
  position: Generated<string>;
}

export interface Tables {
  runs: RunsTable;
  stages: StagesTable;
  steps: StepsTable;
  lineage: LineageTable;
  artifacts: ArtifactsTable;
  leases: LeasesTable;
  numerics: NumericsTable;
  numerics_changes: NumericsChangesTable;
  changes: ChangesTable;
  pins: PinsTable;
  trips: TripsTable;
}
