/** Where a database runs, environments have names: an import is found by its own, on the command line and in an input. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { namedSets, setNamed } from "../src/core/environment/build-name.ts";
import { openStore } from "../src/store/store.ts";
import { startPostgres, type TestPostgres } from "./postgres.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const home = mkdtempSync(join(tmpdir(), "ratchet-env-names-"));
let postgres: TestPostgres;
let databaseUrl: string;

beforeAll(async () => {
  postgres = await startPostgres();
  databaseUrl = await postgres.freshDatabase();
});
afterAll(async () => {
  await postgres?.stop();
  rmSync(home, { recursive: true, force: true });
});

const ratchet = (...args: string[]) =>
  spawnSync(process.execPath, [path("../bin/ratchet.mjs"), "env", ...args, "--json"], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, RATCHET_HOME: home, DATABASE_URL: databaseUrl },
  });

function json(...args: string[]): unknown {
  const { stdout, stderr } = ratchet(...args);
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

function refusal(...args: string[]): string {
  const { stderr, status } = ratchet(...args);
  expect(status).toBe(2);
  return stderr;
}

it("an import is called NAME/import, and resolves to its set", async () => {
  const { set, name, environments } = json(
    "import",
    "--format",
    "ftrl",
    path("fixtures/ftrl_rows.jsonl"),
    "--name",
    "four-rows",
  ) as { set: string; name: string; environments: string[] };
  expect(name).toBe("four-rows/import");
  expect(json("list")).toMatchObject([{ hash: set, names: ["four-rows/import"], environments: 4 }]);
  expect(json("list", "four-rows")).toMatchObject(environments.map((hash) => ({ hash })));
  const store = await openStore({ databaseUrl, artifactFolder: join(home, "artifacts") });
  try {
    expect(setNamed("four-rows/import", await store.runs.getStages("four-rows")).hash).toBe(set);
    expect(namedSets(await store.runs.getBuilds()).map((one) => one.name)).toEqual(["four-rows/import"]);
    expect(await store.runs.newestRun()).toBeUndefined();
    await store.runs.putRun({ run: "mine", workflowType: "experiment", input: {}, state: "done" });
    expect(refusal("import", "--format", "ftrl", path("fixtures/ftrl_rows.jsonl"), "--name", "mine")).toBe(
      "ratchet: --name 'mine' is the name of a run, whose stages it would stand among; give another with --name\n",
    );
  } finally {
    await store.close();
  }
});
