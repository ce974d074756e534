/** What a run leaves behind: logs, artifacts, reports, Temporal's and Postgres's files. No secret is in any of it. */
import { randomBytes } from "node:crypto";
import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { logFolder } from "../src/services/logs.ts";
import { readRecord } from "../src/services/record.ts";
import { emptyHome, start, trimmedTiny } from "./experiment-run.ts";

const { home, remove } = emptyHome();
const secrets = {
  HF_TOKEN: `hf_${randomBytes(16).toString("hex")}`,
  RATCHET_METRICS_TOKEN: randomBytes(24).toString("hex"),
  RATCHET_PAYLOAD_KEY: randomBytes(32).toString("base64"),
};
/** A stage's title: part of the input, so of many payloads, and of nothing that has to stay readable. */
const inputWords = "reinforcement learning";

beforeAll(async () => {
  Object.assign(process.env, secrets);
  await start(home, ["--input", trimmedTiny(home)]).summary;
}, 600_000);
afterAll(() => {
  for (const name of Object.keys(secrets)) delete process.env[name];
  remove();
});

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

const containing = (files: readonly string[], text: string) =>
  files.filter((file) => readFileSync(file).includes(text));

function everything(): string[] {
  const postgres = readRecord(home).postgres!.folder;
  return [...new Set([...filesUnder(home), ...filesUnder(postgres)])];
}

it.each(Object.entries(secrets))("holds no %s", (_, secret) => {
  const files = everything();
  expect(files.length).toBeGreaterThan(100);
  expect(containing(files, secret)).toEqual([]);
});

it("holds the database's password in services.json alone", () => {
  const { password } = readRecord(home).postgres!;
  expect(containing(everything(), password)).toEqual([join(home, "services.json")]);
});

it("holds no readable payload in Temporal's database where payloads are encrypted", () => {
  const temporal = filesUnder(join(home, "temporal"));
  expect(containing(temporal, "trainPolicy")).not.toEqual([]);
  expect(containing(temporal, inputWords)).toEqual([]);
});

it("is looked through whole: a leak in a log is found", () => {
  const log = join(logFolder(home), "gpu-worker.log");
  appendFileSync(log, `{"token":"${secrets.HF_TOKEN}"}\n`);
  expect(containing(everything(), secrets.HF_TOKEN)).toEqual([log]);
});
