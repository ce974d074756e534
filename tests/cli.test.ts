/** The command line as a person meets it, spawned for real; what it refuses is in cli-refusals.test.ts. */
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { cliHome, snapshot } from "./support/cli-home.ts";
import { runCli } from "./support/run-cli.ts";

const at = cliHome();

const run = (args: readonly string[], variables: Record<string, string> = {}) =>
  runCli(args, { RATCHET_HOME: at.home, ...variables });

describe("commands that only look", () => {
  it("status and down say that nothing runs, and change nothing", async () => {
    const before = snapshot(at.home);
    expect(await run(["status"])).toEqual({
      code: 0,
      stdout: `nothing runs for ${at.home}; start it with: npx ratchet up\n`,
      stderr: "",
    });
    expect(JSON.parse((await run(["status", "--json"])).stdout)).toEqual({
      run: null,
      state: null,
      waits: null,
      outages: [],
      iteration: null,
      weightsSha256: null,
      optimizerSha256: null,
      home: at.home,
      services: null,
      processes: [],
    });
    expect(await run(["down"])).toEqual({ code: 0, stdout: `nothing ran for ${at.home}\n`, stderr: "" });
    expect(snapshot(at.home)).toEqual(before);
  });

  it("status tells which of the services does not answer that somebody else runs", async () => {
    const elsewhere = {
      DATABASE_URL: "postgres://u:secret@127.0.0.1:9/runs",
      TEMPORAL_ADDRESS: "127.0.0.1:9",
    };
    const { code, stdout, stderr } = await run(["status", "some-run"], elsewhere);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout.split("\n");
    expect(lines[0]).toBe(
      "Postgres at 127.0.0.1:9/runs does not answer (ECONNREFUSED); start it or correct DATABASE_URL",
    );
    expect(lines[1]).toMatch(
      /^Temporal at 127\.0\.0\.1:9, namespace default, does not answer \(.+\); start it or correct TEMPORAL_ADDRESS$/,
    );
    expect(lines.slice(2, 4)).toEqual([
      "processes",
      "  none of this home; whoever runs the services runs the workers",
    ]);
  });

  it("a home that is not there stays away", async () => {
    rmSync(at.home, { recursive: true });
    for (const command of [["status"], ["down"], ["doctor"]]) await run(command);
    expect(existsSync(at.home)).toBe(false);
  });

  it("doctor lists every check as JSON, with how to mend what is missing", async () => {
    const bare = join(at.folder, "bin");
    mkdirSync(bare);
    const { code, stdout } = await run(["doctor", "--json"], {
      PATH: bare,
      RATCHET_CACHE: join(at.folder, "cache"),
    });
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Record<string, unknown>[] };
    expect({ code, ok }).toEqual({ code: 3, ok: false });
    expect(checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "node",
        "platform",
        "disk",
        "home",
        "postgres",
        "ports",
        "memory",
        "python",
        "temporal",
      ]),
    );
    expect(checks.find(({ name }) => name === "sandbox")).toEqual({
      name: "sandbox",
      ok: true,
      found: "this machine does not offer a network namespace or an end with its parent",
    });
    expect(checks.find(({ name }) => name === "python")).toEqual({
      name: "python",
      ok: false,
      found: "no python3 with pip",
      mend: "install python3 and pip (Debian: apt install python3-pip)",
    });
  });

  it("every command explains itself", async () => {
    const { stdout } = await run(["--help"]);
    const commands = ["start", "resume", "status", "up", "down", "doctor"];
    for (const command of commands) expect(stdout).toContain(`\n  ${command} `);
    const helps = await Promise.all(commands.map((command) => run([command, "--help"])));
    for (const [index, { code, stdout, stderr }] of helps.entries()) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toContain(`Usage: ratchet ${commands[index]}`);
    }
  });
});

describe("ratchet temporal", () => {
  it("hands arguments and exit code over untouched", async () => {
    const echo = join(at.folder, "bin", "temporal");
    mkdirSync(dirname(echo));
    writeFileSync(
      echo,
      '#!/bin/sh\nif [ "$*" = --version ]; then echo "temporal version 1.9.1"; exit 0; fi\nfor a in "$@"; do echo "[$a]"; done\nexit 7\n',
      { mode: 0o755 },
    );
    const node = join(at.folder, "bin", "node");
    symlinkSync(process.execPath, node);
    const PATH = `${dirname(echo)}:${process.env.PATH}`;
    const { code, stdout } = await run(["temporal", "--", "workflow", "--input", '{"a": "b c"}', "--help"], {
      PATH,
    });
    expect({ code, stdout }).toEqual({
      code: 7,
      stdout: '[--]\n[workflow]\n[--input]\n[{"a": "b c"}]\n[--help]\n',
    });
  });
});
