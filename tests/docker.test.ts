/** The images and the compose files as far as they can be checked without a Docker engine. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { DCLinter } from "dclint";
import { type Copy, DockerfileParser, type From, type JSONInstruction } from "dockerfile-ast";
import { validate } from "dockerfile-utils";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Config, readConfig } from "../src/config/config.ts";
import { serveHealth } from "../src/services/health.ts";
import { chooseFreePort } from "../src/services/ports.ts";
import { experimentWorkflowId, taskQueues, workflowTypes } from "../src/workflows/names.ts";

interface Service {
  readonly build?: { readonly context: string; readonly dockerfile: string; readonly target: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly restart?: string;
  readonly command?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: object;
}

const root = fileURLToPath(new URL("..", import.meta.url));
const text = (path: string) => readFileSync(join(root, path), "utf8");
const composeFiles = ["docker/compose.yaml", "docker/compose.cuda.yaml"];
const compose = parse(text("docker/compose.yaml"), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, null>;
};
const workers = ["workflow-worker", "cpu-worker", "gpu-worker"];
const dockerfile = DockerfileParser.parse(text("docker/Dockerfile"));
const stages = dockerfile.getFROMs().map((from: From) => from.getBuildStage());
const run = promisify(execFile);

/** `${NAME:-default}` and `${NAME:?message}` as Compose fills them in, from `.env.example` with a password. */
function interpolate(value: string): string {
  const given: Record<string, string> = {
    POSTGRES_PASSWORD: "secret",
    RATCHET_THREADS: "2",
    RATCHET_GRACE: "20",
  };
  return value.replace(/\$\{(\w+):[-?][^}]*\}/g, (_, name: string) => given[name]!);
}

/** What the last stage of an image adds to the environment. */
const imageEnvironment = Object.fromEntries(
  dockerfile
    .getENVs()
    .flatMap((env) => env.getProperties())
    .map((property) => [property.getName(), property.getValue() ?? ""]),
);

function configOf(worker: string): Config {
  const own = Object.entries(compose.services[worker]!.environment ?? {});
  const filled = own.map(([name, value]) => [name, interpolate(value)] as const);
  return readConfig({ HOME: "/home/node", ...imageEnvironment, ...Object.fromEntries(filled) }, "/app");
}

function lint(file: string) {
  // The order of keys says nothing here, and a file that is laid over another takes its project's name.
  const style = [
    "top-level-properties-order",
    "services-alphabetical-order",
    "service-keys-order",
    "service-dependencies-alphabetical-order",
  ];
  const rules = {
    ...Object.fromEntries(style.map((rule) => [rule, 0 as const])),
    "require-quotes-in-ports": [1, { quoteType: "double" }] as [1, { quoteType: string }],
    ...(file.endsWith("compose.cuda.yaml") && { "require-project-name-field": 0 as const }),
  };
  const linter = new DCLinter({ rules, quiet: false, debug: false, exclude: [] });
  // Its declarations do not resolve under NodeNext.
  const results = linter.lintFiles([file], false) as {
    messages: { rule: string; line: number; message: string }[];
  }[];
  expect(results).toHaveLength(1);
  return results[0]!.messages.map(({ rule, line, message }) => `${line} ${rule}: ${message}`);
}

describe("the compose files", () => {
  it.each(composeFiles)("%s keeps the compose-spec schema and the linter's rules", (file) => {
    expect(lint(join(root, file))).toEqual([]);
  });

  it("would not pass with a mistyped key, so the check can fail", () => {
    const folder = mkdtempSync(join(tmpdir(), "ratchet-compose-"));
    const file = join(folder, "compose.yaml");
    writeFileSync(file, text("docker/compose.yaml").replace("    restart:", "    restarts:"));
    expect(lint(file).join("\n")).toContain("invalid-schema");
    rmSync(folder, { recursive: true });
  });

  it("publishes ports on this machine alone", () => {
    const ports = Object.values(compose.services).flatMap((service) => service.ports ?? []);
    expect(ports).toEqual(["127.0.0.1:7233:7233", "127.0.0.1:8080:8080"]);
  });

  it("holds no password", () => {
    const secrets = [...text("docker/compose.yaml").matchAll(/(?:PASSWORD|PWD): (.*)/g)].map(
      ([, value]) => value,
    );
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose fills it in.
    const required = '"${POSTGRES_PASSWORD:?copy .env.example to .env and set it}"';
    expect(secrets).toEqual([required, required, required]);
    expect(text("docker/.gitignore")).toBe(".env\n");
    expect(text(".dockerignore").split("\n")).toContain("docker/.env");
  });

  it("restarts what must stay, waits for what ends, and mounts only volumes it declares", () => {
    for (const [name, service] of Object.entries(compose.services)) {
      for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
        const other = compose.services[needed]!;
        const ends = other.restart === "on-failure:5";
        const due = ends ? "service_completed_successfully" : "service_healthy";
        expect(condition, `${name} on ${needed}`).toBe(due);
        if (!ends) expect(other.healthcheck, needed).toBeDefined();
      }
      for (const volume of service.volumes ?? []) {
        const source = volume.split(":")[0]!;
        if (source.startsWith(".")) expect(existsSync(join(root, "docker", source)), source).toBe(true);
        else expect(Object.keys(compose.volumes)).toContain(source);
      }
    }
    expect(workers.map((name) => compose.services[name]!.restart)).toEqual(Array(3).fill("unless-stopped"));
  });

  it.each(["cpu-worker", "gpu-worker"])("gives the %s an environment that Ratchet reads", (name) => {
    const config = configOf(name);
    expect(config.databaseUrl).toBe("postgres://ratchet:secret@postgres:5432/ratchet");
    expect(config.temporalConnection?.address).toBe("temporal:7233");
    expect(config.temporalNamespace).toBe("default");
    expect(config.threads).toBe(2);
    expect(config.home).toBe("/var/lib/ratchet/home");
    const mounted = compose.services[name]!.volumes!.map((volume) => volume.split(":")[1]);
    expect(mounted).toEqual([config.artifactFolder, config.cacheFolder]);
    // The device lock in it names processes of this container.
    expect(mounted.some((path) => config.home.startsWith(path!))).toBe(false);
  });

  it("gives the workflow worker Temporal and nothing else", () => {
    const { databaseUrl, temporalConnection } = configOf("workflow-worker");
    expect([databaseUrl, temporalConnection?.address]).toEqual([undefined, "temporal:7233"]);
  });

  it("builds targets that the Dockerfile has, from the project's root", () => {
    const override = parse(text("docker/compose.cuda.yaml")) as typeof compose;
    for (const { build } of [...Object.values(compose.services), ...Object.values(override.services)]) {
      if (build === undefined) continue;
      expect(stages).toContain(build.target);
      expect([build.context ?? "..", build.dockerfile ?? "docker/Dockerfile"]).toEqual([
        "..",
        "docker/Dockerfile",
      ]);
    }
    expect(compose.services["temporal-namespace"]!.command).toEqual(["docker/prepare-namespace.ts"]);
  });
});

describe("the Dockerfile", () => {
  it("passes its linter, which sees a flag that there is not", () => {
    expect(validate(text("docker/Dockerfile"))).toEqual([]);
    expect(validate(text("docker/Dockerfile").replace("--retries", "--retry"))).toHaveLength(1);
  });

  it("copies what exists and .dockerignore lets through, or what an earlier stage made", () => {
    const allowed = text(".dockerignore")
      .split("\n")
      .filter((line) => line.startsWith("!"))
      .map((line) => line.slice(1));
    for (const copy of dockerfile.getCOPYs() as Copy[]) {
      const from = copy.getFlags().find((flag) => flag.getName() === "from");
      if (from !== undefined) {
        expect(stages).toContain(from.getValue());
        continue;
      }
      const sources = copy
        .getArguments()
        .slice(0, -1)
        .map((argument) => argument.getValue());
      for (const source of sources) {
        expect(existsSync(join(root, source)), source).toBe(true);
        expect(allowed).toContain(source.split("/")[0]);
      }
    }
  });

  it.each([
    ["workflow-worker", "src/workers/workflow.ts"],
    ["cpu-worker", "src/workers/cpu.ts"],
    ["gpu-worker", "src/workers/gpu.ts"],
    ["gpu-worker-cuda", "src/workers/gpu.ts"],
  ])("starts in target %s the program %s, not as root", (target, program) => {
    const from = dockerfile.getFROMs().find((candidate) => candidate.getBuildStage() === target)!;
    const image = dockerfile.getContainingImage(from.getRange().start)!;
    const last = (keyword: string) =>
      image
        .getInstructions()
        .filter((instruction) => instruction.getKeyword() === keyword)
        .at(-1);
    const command = last("CMD") as JSONInstruction;
    expect(command.getJSONStrings().map((argument) => argument.getJSONValue())).toEqual([program]);
    expect(existsSync(join(root, program))).toBe(true);
    const user = last("USER")?.getArguments()[0]?.getValue();
    expect(from.getImage() === "runtime" ? [undefined, "node"] : ["1000:1000"]).toContain(user);
  });

  it("is based on glibc everywhere, the same Node in every stage", () => {
    const bases = dockerfile.getFROMs().map((from) => from.getImage()!);
    const outside = [...new Set(bases.filter((image) => !stages.includes(image)))];
    expect(outside).toEqual(["node:22-bookworm-slim", "nvidia/cuda:12.8.1-cudnn-runtime-ubuntu24.04"]);
  });
});

describe("docker/README.md", () => {
  it("names queues, types and ids as they are", () => {
    const page = text("docker/README.md");
    for (const queue of Object.values(taskQueues)) expect(page).toContain(`\`${queue}\``);
    const [, queue, type] = /--task-queue (\S+) --type (\S+)/.exec(page)!;
    expect(queue).toBe(taskQueues.workflows);
    expect(workflowTypes).toContain(type);
    expect(page).toContain(
      `--workflow-id ${experimentWorkflowId("tiny")} --input-file temporal/examples/tiny.json`,
    );
  });
});

describe("the health check", () => {
  const check = (port: number, host = "0.0.0.0", variables: Record<string, string> = {}) =>
    run(process.execPath, ["docker/healthcheck.mjs"], {
      cwd: root,
      env: { RATCHET_METRICS_ADDRESS: `${host}:${port}`, ...variables },
    }).catch((error: { code: number }) => error);

  it("passes while the worker says that it is well, and only then", async () => {
    const port = await chooseFreePort(0, process.pid, (free) => free !== 0);
    expect(await check(port)).toMatchObject({ code: 1 });
    let ok = true;
    const observed = { health: async () => ({ ok }), metrics: async () => "" };
    const server = await serveHealth({ host: "127.0.0.1", port, local: true }, undefined, observed);
    expect(await check(port)).toEqual({ stdout: "", stderr: "" });
    ok = false;
    expect(await check(port)).toMatchObject({ code: 1 });
    await server.close();
  });

  // Other systems have one address of their own, which is asked anyway.
  it.runIf(process.platform === "linux")("asks where the worker listens, with its token", async () => {
    const port = await chooseFreePort(0, process.pid, (free) => free !== 0);
    const observed = { health: async () => ({ ok: true }), metrics: async () => "" };
    const token = "0123456789abcdef";
    const server = await serveHealth({ host: "127.0.0.2", port, local: true }, token, observed);
    const known = { RATCHET_METRICS_TOKEN: token };
    expect(await check(port, "127.0.0.2", known)).toEqual({ stdout: "", stderr: "" });
    expect(await check(port, "127.0.0.1", known)).toMatchObject({ code: 1 });
    await server.close();
  });

  it("finds the worker where the images put it", () => {
    for (const worker of workers)
      expect(configOf(worker).metricsAddress).toEqual({ host: "127.0.0.1", port: 9464, local: true });
  });
});
