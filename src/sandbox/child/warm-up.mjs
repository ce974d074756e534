// A job that a child runs before it says that it is ready: it uses what tools use, so that the engine has compiled its
// own code, and the interpreter's, before the first call waits for it. Memory is put back afterwards as after any call.

import { Buffer } from "node:buffer";

/** Often enough for what is called most; a child takes some 15 ms for it. */
const rounds = 12;

/** Those of `example` in runner.py. */
export const exampleArguments = Array.from({ length: rounds }, (_, i) => [
  JSON.stringify({ name: ` Row_${i % 5} `, limit: 5 }),
  JSON.stringify({ name: "other", filters: { words: ["3"] }, exact: false }),
  JSON.stringify({ name: "nowhere", day: "2024-12-31" }),
]).flat();

const lookUp = `function lookUp({ name, fields = ["n"], digits = 1, ...others }, table) {
  const fail = (kind, detail) => { throw new TypeError(kind + ": " + detail); };
  if (Object.keys(others).length > 0 || !["n", "tags"].includes(fields[0])) fail("invalid", \`\${name}\`);
  if (name === undefined || !(typeof name === "string" && name.trim() !== "")) fail("missing", "name");
  const tidy = (text) => text.normalize("NFKD").replace(/[\\u0300-\\u036f]/g, "").trim().replace(/\\s+/g, " ").toLowerCase();
  const asked = tidy(name);
  const key = Object.hasOwn(table.aliases, asked) ? table.aliases[asked] : asked;
  if (!Object.hasOwn(table.rows, key)) fail("not_found", name);
  const row = table.rows[key];
  const values = fields.map((field) => row[field] ?? null).filter((value) => value !== undefined);
  for (const [field, value] of Object.entries(row)) if (value === undefined) fail("invalid", field);
  return values.length === 1 && /^\\d+$/.test(String(values[0])) ? Number(values[0]).toFixed(digits) : { values };
}`;

const reckon = `function reckon({ a, b, list = [3, 1, 2] }) {
  const sorted = [...list, a, b].sort((x, y) => x - y).slice(0, 4);
  const total = sorted.reduce((sum, value) => sum + value, 0) / Math.max(1, sorted.length);
  const day = new Date("2024-02-28T00:00:00Z");
  day.setUTCDate(day.getUTCDate() + Math.round(total));
  if (!Number.isFinite(total)) throw new Error("invalid");
  return [day.toISOString().slice(0, 10), String(total), parseInt("12", 10) * a - b].join(" ");
}`;

const objectOf = (members) => `{\n${members.join(",\n")}\n}`;
const keys = Array.from({ length: 40 }, (_, i) => `row ${i}`);
const aliases = objectOf(keys.map((key, i) => `"alias ${i}":"${key}"`));
const rows = objectOf(keys.map((key, i) => `"${key}":{"n":${i},"tags":["a","\u00fc"]}`));
const [beforeAliases, beforeRows] = ['{"aliases":', ',"rows":'];
const table = Buffer.from(`${beforeAliases}${aliases}${beforeRows}${rows}}`);
const aliasesEnd = beforeAliases.length + aliases.length;

/** As the parent gives one. */
export const warmUp = {
  fuel: 1_000_000,
  longestText: 65_536,
  tables: [
    {
      text: table,
      rest: '{"aliases":null,"rows":null}',
      large: [
        { key: "aliases", from: beforeAliases.length, to: aliasesEnd },
        { key: "rows", from: aliasesEnd + beforeRows.length, to: table.length - 1 },
      ],
    },
  ],
  programs: [
    { name: "lookUp", code: lookUp, table: 0 },
    { name: "reckon", code: reckon },
  ],
  calls: Array.from({ length: rounds }, (_, i) => [
    { program: 0, arguments: JSON.stringify({ name: ` Alias  ${i} `, fields: ["n"] }) },
    { program: 0, arguments: JSON.stringify({ name: `row ${i}`, fields: ["tags", "n"] }) },
    { program: 0, arguments: JSON.stringify({ name: "nowhere" }) },
    { program: 1, arguments: JSON.stringify({ a: i, b: 2.5 }) },
  ]).flat(),
};
