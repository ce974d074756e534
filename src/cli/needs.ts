/** What an experiment needs of this machine and of its policy, refused before anything starts where it is not there. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { RatchetError } from "../core/errors.ts";
import type { ExperimentInput } from "../core/experiment/input.ts";
import { checkpointBudgetBytes } from "../core/ports/artifacts.ts";
import { smolLM2Files } from "../engine/policies/smollm2.ts";
import { parsePolicySource } from "../engine/policies/source.ts";
import { checkPython, freeDisk } from "../services/checks.ts";
import { storedCheckpointBytes } from "./checkpoint-bytes.ts";
import type { KnownPolicy } from "./local-policy.ts";

const gibibyte = 1024 ** 3;
/** Programs, an empty database, environments and reports. */
const baseBytes = gibibyte;
/** A checkpoint of full fine-tuning: weights and AdamW's two moments. */
const statesPerCheckpoint = 3;
/** Smaller policies fit into what every start asks for. */
const smallBytes = 50e6;
/** SmolLM2's GGUF and what it becomes. */
const cacheBytes = 0.7e9;

/** Throws ServiceUnavailable where the policy has to be fetched and cannot be, InvalidInput where the Hub has none such. */
export async function requireFetchable(config: Config, { policy }: ExperimentInput): Promise<void> {
  const { offline, cacheFolder, environment } = config;
  const source = parsePolicySource(policy);
  if (source.kind === "hub") {
    const { hubOptions, requireOnHub } = await import("../engine/policies/hub.ts");
    return requireOnHub(source, cacheFolder, hubOptions(environment, offline));
  }
  if (isCached(cacheFolder, policy)) return;
  const missing = `field 'policy' = "${policy}" is not in the cache (${join(cacheFolder, "policies")})`;
  const refuse = (why: string) =>
    new RatchetError("ServiceUnavailable", `${missing} and ${why}, or choose policy "tiny"`, {
      field: "policy",
      value: policy,
    });
  if (offline) throw refuse("RATCHET_OFFLINE forbids fetching it; unset it once");
  const { ok, found, mend } = checkPython();
  if (!ok) throw refuse(`is fetched by pip: ${found}; ${mend}`);
}

/** Hashes are checked when it is loaded; here it is enough that nothing has to be fetched. */
function isCached(cacheFolder: string, policy: string): boolean {
  if (parsePolicySource(policy).kind !== "smollm2") return true;
  return smolLM2Files(join(cacheFolder, "policies")).some((file) => existsSync(file));
}

/** Throws StorageFull where the experiment's checkpoints would not fit beside what is stored already. */
export async function requireDisk(
  config: Config,
  known: KnownPolicy,
  free = freeDisk(config.artifactFolder),
): Promise<void> {
  const needed = await neededDiskBytes(config, known);
  if (free.bytes >= needed) return;
  const [has, wants] = [free.bytes, needed].map((bytes) => (bytes / gibibyte).toFixed(1));
  throw new RatchetError(
    "StorageFull",
    `${has} GiB free at ${free.folder}; policy "${known.input.policy}" needs ${wants} GiB for its checkpoints: free some, move RATCHET_ARTIFACTS to a larger disk, or train adapters (field 'training.lora')`,
    { field: "policy", value: known.input.policy, limit: needed },
  );
}

async function neededDiskBytes(
  { artifactFolder, cacheFolder }: Config,
  { input, weightsBytes = 0 }: KnownPolicy,
) {
  if (weightsBytes < smallBytes) return 0;
  const isFull = Object.values(input.stages).some(
    (stage) => stage.type === "train" && stage.training.lora === undefined,
  );
  // One more is written before the oldest is collected.
  const checkpoints = isFull ? checkpointBudgetBytes + statesPerCheckpoint * weightsBytes : weightsBytes;
  const toMake = Math.max(0, weightsBytes + checkpoints - (await storedCheckpointBytes(artifactFolder)));
  return baseBytes + toMake + (isCached(cacheFolder, input.policy) ? 0 : cacheBytes);
}
