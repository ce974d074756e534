/** An environment served: the same bytes in process, over HTTP and over MCP, by the official client, from the sandbox. */
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { type CallToolRequest, CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createKnowledgeAuthor } from "../src/authors/knowledge/author.ts";
import { readEnvironmentFile } from "../src/core/formats/environment-file.ts";
import { importFtrlRow } from "../src/core/formats/ftrl.ts";
import { madeCalls } from "../src/core/gates/calls.ts";
import type { Case } from "../src/core/gates/gate.ts";
import type { Json, JsonObject } from "../src/core/json.ts";
import { draftTools } from "../src/core/synthesis/construct.ts";
import { deploy, subjectsOf } from "../src/core/synthesis/deploy/deploy.ts";
import { defaultSandboxLimits } from "../src/sandbox/limits.ts";
import { createSandbox } from "../src/sandbox/sandbox.ts";
import { type EnvironmentServer, serveHttp } from "../src/serve/http.ts";
import { type CallResult, openSession } from "../src/serve/session.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const example = path("../examples/environment.json");
const javascript = readEnvironmentFile(JSON.parse(readFileSync(example, "utf8")), example);
const row = readFileSync(path("fixtures/ftrl_rows.jsonl"), "utf8").split("\n")[1]!;
const python: Case = { environment: importFtrlRow(row, "row"), tables: {} };

const sandbox = createSandbox({ ...defaultSandboxLimits, log: () => {} });
const servers: EnvironmentServer[] = [];
const clients: Client[] = [];
let address: string;
let pythonAddress: string;

async function served(subject: Case): Promise<string> {
  const server = await serveHttp(subject, sandbox, 0);
  servers.push(server);
  return `http://127.0.0.1:${server.port}`;
}

beforeAll(async () => {
  address = await served(javascript);
  pythonAddress = await served(python);
});
afterAll(async () => {
  for (const client of clients) await client.close();
  for (const server of servers) await server.close();
  await sandbox.close();
});

async function connected(transport: Transport): Promise<Client> {
  const client = new Client({ name: "test", version: "1" });
  await client.connect(transport);
  clients.push(client);
  return client;
}

const overHttpMcp = (at: string) =>
  connected(new StreamableHTTPClientTransport(new URL(`${at}/mcp`)) as Transport);

/** Started once: each session over it would be a process of its own. */
let stdio: Promise<Client> | undefined;
function overStdioMcp(): Promise<Client> {
  const args = [path("../bin/ratchet.mjs"), "env", "serve", example, "--stdio"];
  stdio ??= connected(new StdioClientTransport({ command: process.execPath, args }));
  return stdio;
}

/** Any arguments: the client's own `callTool` is typed for objects alone. */
async function calledOverMcp(client: Client, name: string, given: Json): Promise<CallResult> {
  const call = { method: "tools/call", params: { name, arguments: given } };
  const { content, isError } = await client.request(call as CallToolRequest, CallToolResultSchema);
  const [part] = content as { type: string; text: string }[];
  return { ok: isError !== true, text: part!.text };
}

async function post(url: string, body: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  return { status: response.status, ...((await response.json()) as object) };
}

const question =
  "Answer with the tools.\nQuestion: What is the official currency of the country that Quito is the capital of?";

const calls: readonly [string, JsonObject][] = [
  ["country_of_capital", { capital: "Quito" }],
  ["official_currency", { country: " ECUADOR " }],
  ["official_currency", {}],
  ["official_currency", { country: 7 }],
  ["official_currency", { country: "Ecuador", year: 2025 }],
  ["no_such_tool", { a: 1 }],
];

const failed = (tool: string, why: string): CallResult => ({
  ok: false,
  text: `an error occured when call ${tool}: ${why}`,
});
const expected: readonly CallResult[] = [
  { ok: true, text: "Ecuador" },
  { ok: true, text: "United States dollar" },
  failed("official_currency", "missing_argument: country is required"),
  failed("official_currency", "invalid_argument: country must be a non-empty string"),
  failed("official_currency", "unknown_argument: use only country"),
  failed("no_such_tool", "'no_such_tool'"),
];

describe("a call gives the same bytes, errors included,", () => {
  it("in process", async () => {
    const session = openSession(javascript, sandbox);
    const results: CallResult[] = [];
    for (const [name, given] of calls) results.push(await session.call(name, given));
    expect(results).toEqual(expected);
  });

  it("over HTTP, with arguments as JSON or as the text a model wrote", async () => {
    for (const [i, [name, given]] of calls.entries()) {
      const reply = { status: 200, role: "tool", content: expected[i]!.text, error: !expected[i]!.ok };
      expect(await post(`${address}/calls`, { name, arguments: given })).toMatchObject(reply);
      const written = {
        id: "call-1",
        type: "function",
        function: { name, arguments: JSON.stringify(given) },
      };
      expect(await post(`${address}/calls`, written)).toMatchObject({ ...reply, tool_call_id: "call-1" });
    }
  });

  it("over MCP by HTTP", async () => {
    const client = await overHttpMcp(address);
    for (const [i, [name, given]] of calls.entries())
      expect(await calledOverMcp(client, name, given)).toEqual(expected[i]);
  });

  it("over MCP by standard input and output", async () => {
    const client = await overStdioMcp();
    for (const [i, [name, given]] of calls.entries())
      expect(await calledOverMcp(client, name, given)).toEqual(expected[i]);
  });

  it("of an imported Python tool as well", async () => {
    const { tools } = python.environment;
    const name = tools[0]!.document.name;
    const given = { unknown_argument: 1 };
    const inProcess = await openSession(python, sandbox).call(name, given);
    expect(inProcess.ok).toBe(false);
    expect(inProcess.text).toContain("got an unexpected keyword argument 'unknown_argument'");
    expect(await calledOverMcp(await overHttpMcp(pythonAddress), name, given)).toEqual(inProcess);
    expect(await post(`${pythonAddress}/calls`, { name, arguments: given })).toMatchObject({
      content: inProcess.text,
      error: true,
    });
  });
});

describe("environments of the knowledge author give the same bytes", () => {
  it.each(["javascript", "python"] as const)(
    "in process, over HTTP and over MCP, for reference calls and for calls without arguments (%s)",
    async (runtime) => {
      // A session of Python's is a new interpreter for each call.
      const scenarios = { multi_hop: 1, ...(runtime === "javascript" && { parallel_multi_hop: 1 }) };
      const author = createKnowledgeAuthor();
      const request = {
        split: "test",
        profile: "compact",
        scenarios,
        seed: 3,
        from: 0,
        count: Object.keys(scenarios).length,
        runtime,
      } as const;
      const drafted = (await author.propose(request)).map((candidate) => draftTools(candidate));
      const { deployed, tables } = deploy(drafted, await author.subjectTables(subjectsOf(drafted)));
      for (const { environment } of deployed) {
        const subject = { environment, tables };
        const at = await served(subject);
        const client = await overHttpMcp(at);
        const session = openSession(subject, sandbox);
        const reference = madeCalls(subject).map(({ tool, given }) => [tool.document.name, given] as const);
        const bare = environment.tools.map(({ document }) => [document.name, {}] as const);
        for (const [name, given] of [...reference, ...bare]) {
          const inProcess = await session.call(name, given);
          expect(await calledOverMcp(client, name, given)).toEqual(inProcess);
          expect(await post(`${at}/calls`, { name, arguments: given })).toMatchObject({
            content: inProcess.text,
            error: !inProcess.ok,
          });
        }
        expect(session.progress().unsolved).toBe(0);
      }
    },
  );
});

describe("tools are listed", () => {
  it("in OpenAI's form with the prompt, and in MCP's", async () => {
    const documents = javascript.environment.tools.map(({ document }) => document);
    const listed = await (await fetch(`${address}/tools`)).json();
    expect(listed).toEqual({
      messages: [{ role: "user", content: question }],
      tools: documents.map((document) => ({ type: "function", function: document })),
    });
    const { tools } = await (await overHttpMcp(address)).listTools();
    expect(
      tools.map(({ name, description, inputSchema }) => ({ name, description, parameters: inputSchema })),
    ).toEqual(documents);
  });
});

describe("the question is told", () => {
  it.each([
    ["HTTP", () => overHttpMcp(address)],
    ["standard input and output", overStdioMcp],
  ] as const)("to MCP clients as the instructions, as a policy is shown it, by %s", async (_, connect) => {
    expect((await connect()).getInstructions()).toBe(question);
  });
});

describe("a session", () => {
  it("begins with nothing found, whatever another has done", async () => {
    const { session: first } = await post(`${address}/sessions`, {});
    const { session: second } = await post(`${address}/sessions`, {});
    await post(`${address}/sessions/${first}/calls`, {
      name: "country_of_capital",
      arguments: { capital: "Quito" },
    });
    const progress = async (id: unknown) => (await fetch(`${address}/sessions/${id}`)).json();
    expect(await progress(first)).toEqual({ session: first, calls: 1, solved: 1, unsolved: 1 });
    expect(await progress(second)).toEqual({ session: second, calls: 0, solved: 0, unsolved: 2 });
  });

  it("is unknown once it has ended", async () => {
    const { session } = await post(`${address}/sessions`, {});
    expect((await fetch(`${address}/sessions/${session}`, { method: "DELETE" })).status).toBe(204);
    expect((await fetch(`${address}/sessions/${session}`)).status).toBe(404);
  });
});

describe("what a client does wrong", () => {
  it("is told in words, with a status", async () => {
    expect(await post(`${address}/calls`, { tool: "x" })).toMatchObject({ status: 400 });
    expect((await fetch(`${address}/calls`, { method: "POST", body: "{" })).status).toBe(400);
    const huge = await fetch(`${address}/calls`, { method: "POST", body: "x".repeat(2 ** 20 + 1) });
    expect([huge.status, huge.headers.get("connection")]).toEqual([413, "close"]);
    expect((await fetch(`${address}/nothing`)).status).toBe(404);
  });

  it("that a model did wrong is a result: arguments that are no JSON, or no object", async () => {
    for (const given of ["{capital: Quito}", "[1]", [1], null])
      expect(await post(`${address}/calls`, { name: "country_of_capital", arguments: given })).toMatchObject({
        status: 200,
        error: true,
        content: expect.stringMatching(
          /^an error occured when call country_of_capital: country_of_capital\(\) argument after \*\* must be a mapping, not (str|list|NoneType)$/,
        ),
      });
  });

  it("that a model nested too deeply is a result as well", async () => {
    const deep = `{"capital":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    const body = `{"name":"country_of_capital","arguments":${deep}}`;
    const response = await fetch(`${address}/calls`, { method: "POST", body });
    expect(response.status).toBe(200);
    const content = expect.stringContaining("maximum recursion depth");
    expect(await response.json()).toMatchObject({ error: true, content });
  });

  it.each([
    ["HTTP", () => overHttpMcp(address)],
    ["standard input and output", overStdioMcp],
  ] as const)("that a model did wrong is a result over MCP by %s as well", async (_, connect) => {
    const client = await connect();
    const types = [
      ["Quito", "str"],
      [["Quito"], "list"],
      [null, "NoneType"],
      [7, "int"],
    ] as const;
    for (const [given, type] of types)
      expect(await calledOverMcp(client, "country_of_capital", given as Json)).toEqual(
        failed("country_of_capital", `country_of_capital() argument after ** must be a mapping, not ${type}`),
      );
    const { content, isError } = await client.callTool({ name: "country_of_capital" });
    const { text } = failed("country_of_capital", "missing_argument: capital is required");
    expect([content, isError]).toEqual([[{ type: "text", text }], true]);
  });

  it("is to come from another site: it is refused", async () => {
    const asked = (headers: Record<string, string>) =>
      new Promise<number | undefined>((resolve, reject) =>
        request(`${address}/tools`, { headers }, ({ statusCode }) => resolve(statusCode))
          .on("error", reject)
          .end(),
      );
    expect(await asked({ host: "evil.example" })).toBe(403);
    expect(await asked({ origin: "https://evil.example" })).toBe(403);
    expect(await asked({ host: "localhost" })).toBe(200);
  });
});
