/** Starts what `fork` and `resume --from-iteration` planned, says what differs, and follows it to its end. */
import type { Client } from "@temporalio/client";
import type { Config } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
import { describeDifferences } from "../core/experiment/fork.ts";
import { identifierPattern } from "../core/experiment/identifier.ts";
import type { Json } from "../core/json.ts";
import type { RunRecord, RunStore } from "../core/ports/runs.ts";
import { followExperiment } from "./commands/start.ts";
import type { ContinuedInput, Planned } from "./continuation.ts";
import type { OpenServices, RunOptions } from "./services.ts";
import { requireThreadsInForce } from "./threads.ts";

export interface ContinueOptions extends RunOptions {
  readonly iteration: number;
  readonly settings: Readonly<Record<string, Json>>;
  readonly stage?: string;
  readonly branch?: number;
  /** Of a new run; absent, one is made up. */
  readonly id?: string;
  /** Goes on with the run itself instead of a new one. */
  readonly same?: boolean;
}

/** Gives the exit code. Throws InvalidInput where the run, its stage or its iteration cannot be gone on after. */
export async function continueRun(
  config: Config,
  services: OpenServices,
  run: string,
  options: ContinueOptions,
): Promise<number> {
  const { endpoints, interrupted } = services;
  const [{ readStoredRun, withStore }, { planContinuation }, { patiently }, { withClient }] =
    await Promise.all([
      import("./read-run.ts"),
      import("./continuation.ts"),
      import("./patience.ts"),
      import("./temporal-client.ts"),
    ]);
  const stored = await patiently(() => readStoredRun(config, endpoints, run), interrupted);
  if (options.same)
    await patiently(() => withClient(endpoints, (client) => requireClosed(client, run)), interrupted);
  const plan = () =>
    withStore(config, endpoints, async ({ runs }) => {
      const id = options.same ? run : await newId(isTaken(services, runs), run, options);
      return planContinuation(runs, stored, { ...options, id });
    });
  const planned = await patiently(plan, interrupted);
  await requireThreadsInForce(config, services, planned.input.value);
  if (options.same) await goBack(config, services, startedAs(stored, planned.input), planned.stage, options);
  const out = options.json ? process.stderr : process.stdout;
  for (const line of describe(run, planned, options)) out.write(`${line}\n`);
  if (!options.same) await holdSameNumerics(config, services, run, planned.input.value.id);
  if (planned.input.type === "experiment")
    return followExperiment(config, services, planned.input.value, options);
  const { followByHand } = await import("./resume-by-hand.ts");
  return followByHand(config, services, startedAs(stored, planned.input), options);
}

/** Before anything starts: what was changed after the iteration must hold for nothing that is computed from now on. */
async function goBack(
  config: Config,
  { endpoints, interrupted }: OpenServices,
  run: RunRecord,
  stage: string,
  { iteration }: ContinueOptions,
): Promise<void> {
  const [{ withStore }, { patiently }] = await Promise.all([
    import("./read-run.ts"),
    import("./patience.ts"),
  ]);
  const write = () => withStore(config, endpoints, ({ runs }) => runs.goBack(run, stage, iteration));
  await patiently(write, interrupted);
}

/** A fork goes on from what the run computed: with the same numerics, or as a person says. */
async function holdSameNumerics(
  config: Config,
  { endpoints, interrupted }: OpenServices,
  run: string,
  fork: string,
): Promise<void> {
  const [{ withStore }, { patiently }] = await Promise.all([
    import("./read-run.ts"),
    import("./patience.ts"),
  ]);
  const hold = () =>
    withStore(config, endpoints, async ({ runs }) => {
      const held = await runs.numericsOf(run);
      // Those of a run that was let go on with others are not what all its checkpoints were made with.
      if (held?.change === "none") await runs.holdNumerics(fork, held.numerics);
    });
  await patiently(hold, interrupted);
}

const startedAs = (stored: RunRecord, { value }: ContinuedInput): RunRecord => ({
  ...stored,
  run: value.id,
  input: value as unknown as Json,
});

function describe(run: string, { stage, changes, input }: Planned, options: ContinueOptions): string[] {
  const { iteration, same = false } = options;
  const after = iteration === 0 ? "from its start" : `after iteration ${iteration}`;
  const who = same ? `run ${run} goes on` : `run ${input.value.id}, a fork of ${run}, goes on`;
  return [
    `${who} with ${stage} ${after}`,
    changes.length === 0
      ? `  no setting differs from the input of ${run}`
      : `  ${describeDifferences(changes)}`,
  ];
}

/** Known to the store, or about to be: a run is stored by its first activity, which may have to wait for a worker. */
const isTaken =
  ({ endpoints }: OpenServices, runs: Pick<RunStore, "getRun">) =>
  async (id: string): Promise<boolean> => {
    if ((await runs.getRun(id)) !== undefined) return true;
    // The input's schema says what is wrong with it.
    if (!identifierPattern.test(id)) return false;
    const [{ withClient }, { openWorkflows }] = await Promise.all([
      import("./temporal-client.ts"),
      import("./open-run.ts"),
    ]);
    return (await withClient(endpoints, (client) => openWorkflows(client, id))).length > 0;
  };

/** RUN-at-K, or the first such name with a number that is free. Throws InvalidInput where the wanted id is taken. */
async function newId(
  taken: (id: string) => Promise<boolean>,
  run: string,
  { id, iteration }: ContinueOptions,
): Promise<string> {
  if (id !== undefined && (await taken(id)))
    throw new RatchetError(
      "InvalidInput",
      `--id '${id}' is a run already; give another, or go on with that one: npx ratchet resume ${id}`,
      { field: "--id", value: id },
    );
  if (id !== undefined) return id;
  const base = `${run}-at-${iteration}`;
  for (let number = 1; ; number++) {
    const free = number === 1 ? base : `${base}-${number}`;
    if (!(await taken(free))) return free;
  }
}

async function requireClosed(client: Client, run: string): Promise<void> {
  const { openWorkflows } = await import("./open-run.ts");
  const [open] = await openWorkflows(client, run);
  if (open === undefined) return;
  throw new RatchetError(
    "InvalidInput",
    `run '${run}' is under way (${open.workflowId}); end it first: npx ratchet stop ${run}, or leave it and fork it: npx ratchet fork ${run} --at-iteration K`,
    { field: "RUN", value: run },
  );
}
