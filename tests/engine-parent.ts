/** A process with an engine at work, to be killed by `engine.test.ts`: sends the engine's pid once it samples. */
import { join } from "node:path";
import type { ArtifactRef } from "../src/core/ports/artifacts.ts";
import { createEngine } from "../src/engine/runtime/client.ts";
import { openArtifactFolder } from "../src/store/artifacts.ts";

const [home, policy] = process.argv.slice(2) as [string, string];
const artifacts = await openArtifactFolder(join(home, "artifacts"), async () => {});
const engine = createEngine({ artifacts, threads: 1, lockFile: join(home, "orphan.lock"), stallMs: 60_000 });
const requests = [{ prompt: [1, 2, 3], seeds: [1, 2, 3, 4] }];
const options = { temperature: 1, topP: 1, maxNewTokens: 4000 };
let told = false;
await engine.sample(
  JSON.parse(policy) as ArtifactRef,
  requests,
  options,
  ({ unit }) => {
    if (unit !== "tokens" || told) return;
    told = true;
    process.send!(engine.pid());
  },
  new AbortController().signal,
);
