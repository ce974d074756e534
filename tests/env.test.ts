/** `ratchet env` as a person meets it, spawned for real, with a home of its own where nothing runs. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { runCli } from "./support/run-cli.ts";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const rows = path("fixtures/ftrl_rows.jsonl");
const example = path("../examples/environment.json");
const root = mkdtempSync(join(tmpdir(), "ratchet-env-"));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(root, "case-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const ratchet = (...args: string[]) => runCli(["env", ...args], { RATCHET_HOME: join(folder, "home") });

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr, code } = await ratchet(...args, "--json");
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe("ratchet env verify", () => {
  it.each(["environment.json", "environment.ts"])("passes the example %s by every gate", async (name) => {
    const report = (await json("verify", path(`../examples/${name}`))) as unknown as {
      environments: { gates: { gate: string; verdict: string }[]; notRun: string[] }[];
    };
    expect(report).toMatchObject({ ok: true, environments: [{ ok: true, refusedBy: null, notRun: [] }] });
    const gates = report.environments[0]!.gates.map(({ gate }) => gate);
    for (const gate of ["decomposition", "static-code", "oracle", "negative", "generalization"])
      expect(gates).toContain(gate);
  });

  it("refuses a wrong answer with exit code 1, naming the gate", async () => {
    const wrong = readFileSync(example, "utf8").replace('"answer": "Ecuador"', '"answer": "Bolivia"');
    const file = join(folder, "wrong.json");
    writeFileSync(file, wrong);
    const { code, stdout } = await ratchet("verify", file);
    expect(code).toBe(1);
    expect(stdout).toContain("fail  oracle");
    expect(stdout).toContain("q1 gives 'Ecuador' and not 'Bolivia'");
    expect(stdout).toContain("refused: 1 of 1");
  });

  it.each([
    ["a file that is not there", "nothing.json", "there is no such file"],
    ["an id that nothing has", "0123abcd", "ID '0123abcd' is no environment or set"],
  ])("is wrong input for %s, and leaves the home as it was", async (_, given, message) => {
    const { code, stderr } = await ratchet("verify", given);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split("\n").length).toBeLessThanOrEqual(3);
    expect(existsSync(join(folder, "home"))).toBe(false);
  });

  it("is wrong input for a TypeScript file without an environment", async () => {
    const file = join(folder, "mine.ts");
    writeFileSync(file, "export const other = 1;\n");
    const { code, stderr } = await ratchet("verify", file);
    expect(code).toBe(2);
    expect(stderr).toContain("exports no 'environment'");
  });
});

describe("ratchet env verify beside others", () => {
  it("refuses what a folder or a named set asks already", async () => {
    const both = join(folder, "both");
    mkdirSync(both);
    writeFileSync(join(both, "1.json"), readFileSync(example));
    writeFileSync(join(both, "2.json"), readFileSync(example));
    const { code, stdout } = await ratchet("verify", both, "--json");
    expect(code).toBe(1);
    const { environments } = JSON.parse(stdout);
    expect(environments.map(({ refusedBy }: { refusedBy: string }) => refusedBy)).toEqual([
      null,
      "near-duplicates",
    ]);

    const row = readFileSync(rows, "utf8").split("\n")[0]!;
    writeFileSync(join(folder, "asked.jsonl"), `${row}\n`);
    const { set } = (await json("import", "--format", "ftrl", join(folder, "asked.jsonl"))) as {
      set: string;
    };
    const beside = await json("verify", example, "--contamination", set);
    expect(beside).toMatchObject({ ok: true });
    const verdicts = (beside as unknown as { environments: { gates: { gate: string }[] }[] })
      .environments[0]!;
    expect(verdicts.gates.at(-1)).toMatchObject({ gate: "contamination", verdict: "pass" });
  });
});

describe("ratchet env import and export", () => {
  it.each(["jsonl", "parquet"])("give rows back as they were, by way of a folder and %s", async (ending) => {
    const between = join(folder, `rows.${ending}`);
    await json("import", "--format", "ftrl", rows, "--out", join(folder, "one"));
    await json("export", "--format", "ftrl", join(folder, "one"), "--out", between);
    await json("import", "--format", "ftrl", between, "--out", join(folder, "two"));
    await json("export", "--format", "ftrl", join(folder, "two"), "--out", join(folder, "back.jsonl"));
    expect(readFileSync(join(folder, "back.jsonl"), "utf8")).toBe(readFileSync(rows, "utf8"));
    expect(readdirSync(join(folder, "one"))).toHaveLength(4);
  });

  it("go through the store where no folder is named, and are found there by hash, prefix and name", async () => {
    const { set, name, environments } = (await json("import", "--format", "ftrl", rows)) as {
      set: string;
      name: null;
      environments: string[];
    };
    expect(name).toBeNull();
    expect(await json("list")).toMatchObject([{ hash: set, environments: 4, names: [] }]);
    expect((await ratchet("export", "--format", "ftrl")).stdout).toBe(readFileSync(rows, "utf8"));
    expect(await json("show", set.slice(0, 8))).toMatchObject({ hash: set });
    expect(await json("list", "ftrl-rows")).toMatchObject(environments.map((hash) => ({ hash })));
    const file = join(folder, "shown.json");
    writeFileSync(file, JSON.stringify(await json("show", environments[1]!.slice(0, 12))));
    const { stdout, code } = await ratchet("verify", file, "--json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ environments: [{ hash: environments[1] }] });
  });

  it("find a set whose name looks like the beginning of a hash, and one beside a set that is damaged", async () => {
    const { set } = await json("import", "--format", "ftrl", rows, "--name", "cafe");
    const one = join(folder, "one.jsonl");
    writeFileSync(one, `${readFileSync(rows, "utf8").split("\n")[0]!}\n`);
    const other = (await json("import", "--format", "ftrl", one)) as { set: string; environments: string[] };
    expect(await json("list", "cafe")).toHaveLength(4);
    const parts = join(folder, "home", "artifacts", "environment-set", String(set).slice(0, 2), String(set));
    writeFileSync(parts, "{}");
    expect(await json("show", other.set)).toMatchObject({ hash: other.set });
    const { code, stdout, stderr } = await ratchet("list", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([{ hash: other.set }]);
    expect(stderr).toContain(`set ${String(set).slice(0, 12)} is passed over: `);
  });

  it("refuse a folder that has something in it", async () => {
    writeFileSync(join(folder, "mine"), "");
    const { code, stderr } = await ratchet("import", "--format", "ftrl", rows, "--out", folder);
    expect(code).toBe(2);
    expect(stderr).toContain("is not empty; name a new folder");
  });

  it("refuse a row by its line and field", async () => {
    const file = join(folder, "bad.jsonl");
    const row = JSON.parse(readFileSync(rows, "utf8").split("\n")[0]!) as Record<string, unknown>;
    writeFileSync(file, `\n${JSON.stringify({ ...row, codes: "{}" })}\n`);
    const { code, stderr } = await ratchet("import", "--format", "ftrl", file);
    expect(code).toBe(2);
    expect(stderr).toContain("bad.jsonl line 2: field 'codes': lacks the tool");
  });

  it("tell every refused row at once, and what is no UTF-8", async () => {
    const file = join(folder, "bad.jsonl");
    const row = readFileSync(rows, "utf8").split("\n")[0]!;
    writeFileSync(file, `{\n${row}\n[]\n`);
    const { code, stderr } = await ratchet("import", "--format", "ftrl", file);
    expect(code).toBe(2);
    expect(stderr).toMatch(/2 of 3 rows are refused: .*bad\.jsonl line 1: .*bad\.jsonl line 3: /);
    writeFileSync(file, Buffer.from([0x7b, 0xff, 0x7d]));
    expect((await ratchet("import", "--format", "ftrl", file)).stderr).toContain("is not UTF-8");
  });

  it("keep line ends, and leave a byte order mark out", async () => {
    const file = join(folder, "windows.jsonl");
    const text = readFileSync(rows, "utf8").replaceAll("\n", "\r\n");
    writeFileSync(file, `\ufeff${text}`);
    await json("import", "--format", "ftrl", file, "--out", join(folder, "windows"));
    const back = join(folder, "back.jsonl");
    await ratchet("export", "--format", "ftrl", join(folder, "windows"), "--out", back);
    expect(readFileSync(back, "utf8")).toBe(text);
  });

  it("say that blank lines are no rows", async () => {
    const file = join(folder, "blank.jsonl");
    writeFileSync(file, `\n${readFileSync(rows, "utf8")}  \n`);
    const { code, stderr } = await ratchet(
      "import",
      "--format",
      "ftrl",
      file,
      "--out",
      join(folder, "blank"),
    );
    expect(code).toBe(0);
    expect(stderr).toContain("blank.jsonl: 2 blank lines are no rows, and an export has none");
  });

  it("refuse a format they do not know", async () => {
    const { code, stderr } = await ratchet("import", "--format", "other", rows);
    expect(code).toBe(2);
    expect(stderr).toContain("Allowed choices are ftrl");
  });
});
