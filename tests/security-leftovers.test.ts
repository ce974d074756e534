/** What a run leaves behind: logs, artifacts, reports, Temporal's and Postgres's files. No secret is in any of it. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { logFolder } from "../src/services/logs.ts";
import { readRecord } from "../src/services/record.ts";
import { emptyHome, start, trimmedTiny } from "./experiment-run.ts";
import { type Operated, operate, trainingOnly } from "./operations-run.ts";

const secrets = {
  HF_TOKEN: `hf_${randomBytes(16).toString("hex")}`,
  RATCHET_METRICS_TOKEN: randomBytes(24).toString("hex"),
};
const key = { RATCHET_PAYLOAD_KEY: randomBytes(32).toString("base64") };
/** A stage's title: part of the input, so of many payloads, and of nothing that has to stay readable. */
const inputWords = "reinforcement learning";

beforeAll(() => void Object.assign(process.env, secrets));
afterAll(() => {
  for (const name of Object.keys(secrets)) delete process.env[name];
});

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

const containing = (files: readonly string[], text: string) =>
  files.filter((file) => readFileSync(file).includes(text));

function everything(home: string): string[] {
  const postgres = readRecord(home).postgres!.folder;
  return [...new Set([...filesUnder(home), ...filesUnder(postgres)])];
}
const temporalsFiles = (home: string) => filesUnder(join(home, "temporal"));

describe("what runs leave whose payloads are not encrypted", () => {
  let hub: Server;
  let operated: Operated;
  let home: string;
  const tokensSeen: unknown[] = [];

  /** A training, and work that fails: the Hub is asked with the token, and refuses. */
  beforeAll(async () => {
    hub = createServer((request, response) => {
      tokensSeen.push(request.headers.authorization);
      response.writeHead(403).end();
    }).listen(0, "127.0.0.1");
    await once(hub, "listening");
    process.env.HF_ENDPOINT = `http://127.0.0.1:${(hub.address() as AddressInfo).port}`;
    operated = await operate();
    home = operated.home;
    await operated.begin(trainingOnly("kept", 1));
    await operated.ended("kept");
    const example = new URL("../temporal/examples/evaluate.json", import.meta.url);
    const evaluation = {
      ...JSON.parse(readFileSync(example, "utf8")),
      id: "refused",
      policy: "hf:some/model",
    };
    const options = { workflowId: "refused", taskQueue: "ratchet", args: [evaluation] };
    await expect(operated.client.workflow.execute("evaluatePolicy", options)).rejects.toThrow();
    operated.command("down");
  }, 600_000);
  afterAll(async () => {
    delete process.env.HF_ENDPOINT;
    hub.close();
    await operated?.close();
  });

  it("can be read, the failure too", () => {
    expect(new Set(tokensSeen)).toEqual(new Set([`Bearer ${secrets.HF_TOKEN}`]));
    for (const words of [inputWords, "answers 403: there is no such model, or it asks for a token"])
      expect(containing(temporalsFiles(home), words)).not.toEqual([]);
  });

  it.each(Object.entries(secrets))("holds no %s", (_, secret) => {
    const files = everything(home);
    expect(files.length).toBeGreaterThan(100);
    expect(containing(files, secret)).toEqual([]);
  });

  it("holds the database's password in services.json alone", () => {
    const { password } = readRecord(home).postgres!;
    expect(containing(everything(home), password)).toEqual([join(home, "services.json")]);
  });

  it("is looked through whole: a leak in a log is found", () => {
    const log = join(logFolder(home), "gpu-worker.log");
    appendFileSync(log, `{"token":"${secrets.HF_TOKEN}"}\n`);
    expect(containing(everything(home), secrets.HF_TOKEN)).toEqual([log]);
  });
});

describe("what a run leaves whose payloads are encrypted", () => {
  const { home, remove } = emptyHome();
  beforeAll(async () => {
    Object.assign(process.env, key);
    await start(home, ["--input", trimmedTiny(home)]).summary;
  }, 600_000);
  afterAll(() => {
    delete process.env.RATCHET_PAYLOAD_KEY;
    remove();
  });

  it.each(Object.entries({ ...secrets, ...key }))("holds no %s", (_, secret) => {
    expect(containing(everything(home), secret)).toEqual([]);
  });

  it("holds no readable payload in Temporal's database", () => {
    expect(containing(temporalsFiles(home), "trainPolicy")).not.toEqual([]);
    expect(containing(temporalsFiles(home), inputWords)).toEqual([]);
  });
});
