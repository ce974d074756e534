// The layers of src/ and what each may import of this project: read by dependency-cruiser and drawn in ARCHITECTURE.md.
/** `probe` is a path inside the layer, by which the graph finds out who may import it. */
const layer = (name, path, mayImport) => ({ name, path, mayImport, probe: `src/${name}/any.ts` });

/** Each folder and the folders of this project it may import. */
const layers = [
  layer("core", "^src/core/", ["^src/core/"]),
  layer("engine", "^src/engine/", ["^src/engine/", "^src/core/"]),
  layer("sandbox", "^src/sandbox/", ["^src/sandbox/", "^src/core/"]),
  layer("authors", "^src/authors/", ["^src/authors/", "^src/core/"]),
  layer("store", "^src/store/", ["^src/store/", "^src/core/"]),
  layer("config", "^src/config/", ["^src/config/", "^src/core/"]),
  layer("workflows", "^src/workflows/", ["^src/workflows/", "^src/core/", "^src/activities/"]),
  layer("activities", "^src/activities/", ["^src/activities/", "^src/core/", "^src/workflows/names.ts"]),
  layer("serve", "^src/serve/", ["^src/serve/", "^src/core/"]),
  layer("report", "^src/report/", ["^src/report/", "^src/core/"]),
  layer("services", "^src/services/", [
    "^src/services/",
    "^src/core/",
    "^src/config/",
    "^src/workflows/names",
  ]),
  layer("cli", "^src/cli/", [
    "^src/(cli|core|config|store|services|report|sandbox|serve|engine|activities|authors)/",
    "^src/workflows/names",
  ]),
];

module.exports = { layers };
