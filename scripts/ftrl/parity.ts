/**
 * FTRL's published tools in the sandbox beside native Python: the same calls, compared byte for byte. Prints one JSON
 * object, with every difference; with --golden, writes the calls and native outcomes that tests compare with.
 *
 *   npx tsx scripts/ftrl/parity.ts ROWS.jsonl PYTHON [--golden FILE]
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readRows } from "../../src/cli/env/rows-file.ts";
import { importFtrlRow } from "../../src/core/formats/ftrl.ts";
import type { ToolProgram } from "../../src/core/ports/sandbox.ts";
import { findIsolation } from "../../src/sandbox/isolation.ts";
import { defaultSandboxLimits } from "../../src/sandbox/limits.ts";
import { createSandbox } from "../../src/sandbox/sandbox.ts";
import { readFacts } from "./facts.ts";
import { blindProbes, knowingProbes } from "./probes.ts";

/** Calls of a tool that use what its code compares with, beside the blind ones. */
const knowingCalls = 8;

const [rowsFile = "", python = "python3", option, golden] = process.argv.slice(2);
const { rows } = await readRows(rowsFile);
const owned = rows.flatMap(({ text, where }, row) =>
  importFtrlRow(text, where).tools.map((tool) => ({ row, tool })),
);
const tools = owned.map(({ tool }) => tool);
const sandbox = createSandbox({
  ...defaultSandboxLimits,
  log: (message) => process.stderr.write(`${message}\n`),
});
try {
  const facts = await readFacts(tools, sandbox);
  const probes = owned.flatMap(({ row, tool: { document, runtime, code } }, i) => {
    const program: ToolProgram = { name: document.name, runtime, code };
    const known = knowingProbes(tools[i]!, facts[i]!).slice(0, knowingCalls);
    return [...blindProbes(tools[i]!), ...known].map((given) => ({ row, program, arguments: given }));
  });
  const lines = probes.map(({ program, arguments: given }) =>
    JSON.stringify({ name: program.name, code: program.code, arguments: JSON.stringify(given) }),
  );
  const native = runNative(lines);
  const sandboxed = (await sandbox.run(probes)).map(({ kind, text }) => ({ kind, text }));
  if (option === "--golden" && golden) {
    const outcomes = probes.map(({ row, program, arguments: given }, i) => ({
      row,
      name: program.name,
      arguments: given,
      expected: native[i],
    }));
    writeFileSync(golden, outcomes.map((outcome) => `${JSON.stringify(outcome)}\n`).join(""));
  }
  const differing = probes.flatMap(({ row, program, arguments: given }, i) =>
    JSON.stringify(native[i]) === JSON.stringify(sandboxed[i])
      ? []
      : [{ row, tool: program.name, arguments: given, native: native[i], sandbox: sandboxed[i] }],
  );
  const report = {
    rows: rows.length,
    tools: tools.length,
    calls: probes.length,
    returned: native.filter(({ kind }) => kind === "returned").length,
    equal: probes.length - differing.length,
    differing,
  };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
} finally {
  await sandbox.close();
}

/** In one process of its own, without a network where the kernel grants that. */
function runNative(lines: readonly string[]): { kind: string; text: string }[] {
  const script = fileURLToPath(new URL("native.py", import.meta.url));
  const [command = python, ...prefix] = [...findIsolation().prefix.slice(3), python];
  const { stdout, stderr, status } = spawnSync(command, [...prefix, "-s", script], {
    input: lines.map((line) => `${line}\n`).join(""),
    env: { PATH: process.env.PATH, PYTHONHASHSEED: "0", TZ: "UTC" },
    maxBuffer: 1024 ** 3,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`native Python ended with ${status}: ${stderr.slice(-500)}`);
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { kind: string; text: string });
}
