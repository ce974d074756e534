/** `ratchet set RUN NAME=VALUE...`: other hyper-parameters from the training's next iteration on, checked before they count. */
import { randomUUID } from "node:crypto";
import type { Client } from "@temporalio/client";
import type { Command } from "commander";
import { readConfig } from "../../config/config.ts";
import { RatchetError } from "../../core/errors.ts";
import type { HyperparameterChange } from "../../core/experiment/hyperparameters.ts";
import type { ChangeRecord } from "../../core/ports/runs.ts";
import { runningEndpoints } from "../../services/endpoints.ts";
import { messages } from "../../workflows/names.ts";
import { readAssignments } from "../assignments.ts";
import { notice } from "../notice.ts";
import { whileSilent } from "../while-silent.ts";

interface SetOptions {
  readonly stage?: string;
  readonly json?: boolean;
}

export function register(ratchet: Command): void {
  ratchet
    .command("set")
    .argument("<RUN>", "id of the run")
    .argument("<NAME=VALUE...>", "hyper-parameters, for example learningRate=1e-5")
    .description("change hyper-parameters of the training under way, from its next iteration on")
    .option("--stage <id>", "which training, where several are under way")
    .option("--json", "print the result as JSON")
    .action(change);
}

async function change(run: string, assignments: readonly string[], options: SetOptions): Promise<void> {
  const wanted = readAssignments(assignments, "NAME=VALUE") as HyperparameterChange;
  const endpoints = runningEndpoints(readConfig());
  const [{ WorkflowUpdateFailedError }, { patiently }, { withClient }, { openWorkflows }] = await Promise.all(
    [
      import("@temporalio/client"),
      import("../patience.ts"),
      import("../temporal-client.ts"),
      import("../open-run.ts"),
    ],
  );
  await withClient(endpoints, async (client) => {
    const open = (await openWorkflows(client, run)).filter(({ type }) => type === "trainPolicy");
    const workflowId = choose(
      run,
      open.map((found) => found.workflowId),
      options.stage,
    );
    const handle = client.workflow.getHandle(workflowId);
    // Under one id, so that asking again, where Temporal went away meanwhile, asks for the same change.
    const asked = { args: [wanted] as [HyperparameterChange], updateId: randomUUID() };
    const ask = () =>
      handle.executeUpdate<ChangeRecord, [HyperparameterChange]>(messages.changeHyperparameters, asked);
    const recorded = () => patiently(ask, new AbortController().signal);
    try {
      const { iteration, changes } = await whileSilent(recorded, silentMs, () => why(client, run), notice);
      process.stdout.write(
        options.json
          ? `${JSON.stringify({ run, workflowId, iteration, changes })}\n`
          : `${workflowId}: ${assignments.join(" ")} from iteration ${iteration} on\n`,
      );
    } catch (error) {
      if (!(error instanceof WorkflowUpdateFailedError)) throw error;
      const reason = (error.cause as Error).message;
      throw new RatchetError("InvalidInput", `${workflowId}: ${reason}`, { field: "NAME=VALUE" }, error);
    }
  });
}

/** A change is recorded within a second or two where nothing is in its way. */
const silentMs = 5_000;

async function why(client: Client, run: string): Promise<string> {
  const [{ readWaiting }, { explainTrouble }] = await Promise.all([
    import("../read-waiting.ts"),
    import("../waiting.ts"),
  ]);
  const waiting = await readWaiting(client, run).catch(() => undefined);
  const trouble = waiting && explainTrouble(run, waiting);
  return `not recorded yet${trouble ? `; the run ${trouble}` : ", still waiting"}`;
}

function choose(run: string, open: readonly string[], stage: string | undefined): string {
  const found = stage === undefined ? open : open.filter((id) => id === `${run}.${stage}` || id === stage);
  if (found.length === 1) return found[0]!;
  const known = open.length === 0 ? "none" : open.join(", ");
  throw new RatchetError(
    "InvalidInput",
    found.length === 0
      ? `run '${run}' has no training${stage === undefined ? "" : ` '${stage}'`} under way (open: ${known}); what a later stage uses is in its input`
      : `run '${run}' has several trainings under way (${known}); name one with --stage`,
    { field: "--stage", value: stage },
  );
}
