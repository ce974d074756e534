// The import directions of ARCHITECTURE.md, enforced. `scripts/architecture.mjs` draws the graph from these rules.
const layer = (name, path, mayImport) => ({ name, path, mayImport });

/** Each folder and the folders of this project it may import. */
const layers = [
  layer("core", "^src/core/", ["^src/core/"]),
  layer("engine", "^src/engine/", ["^src/engine/", "^src/core/(ports|errors|learning|numerics)"]),
  layer("sandbox", "^src/sandbox/", ["^src/sandbox/", "^src/core/"]),
  layer("authors", "^src/authors/", ["^src/authors/", "^src/core/"]),
  layer("store", "^src/store/", ["^src/store/", "^src/core/"]),
  layer("config", "^src/config/", ["^src/config/", "^src/core/errors"]),
  layer("workflows", "^src/workflows/", ["^src/workflows/", "^src/core/", "^src/activities/"]),
  layer("activities", "^src/activities/", ["^src/activities/", "^src/core/", "^src/workflows/names"]),
  layer("report", "^src/report/", ["^src/report/", "^src/core/"]),
  layer("services", "^src/services/", [
    "^src/services/",
    "^src/core/",
    "^src/config/",
    "^src/workflows/names",
  ]),
  layer("cli", "^src/cli/", [
    "^src/(cli|core|config|store|services|report|sandbox|engine|activities|authors)/",
    "^src/workflows/names",
  ]),
];

module.exports = {
  layers,
  forbidden: [
    ...layers.map(({ name, path, mayImport }) => ({
      name: `${name}-imports-only-its-layers`,
      severity: "error",
      from: { path, pathNot: "\\.test\\.ts$" },
      to: { path: "^src/", pathNot: mayImport },
    })),
    {
      name: "workflows-import-activities-as-types-only",
      severity: "error",
      from: { path: "^src/workflows/" },
      to: { path: "^src/activities/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "workflow-code-holds-no-native-or-node-module",
      severity: "error",
      from: { path: "^src/workflows/", pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "core-is-pure",
      comment: "No I/O, clock or network in the domain; node:crypto's hash is the one exception.",
      severity: "error",
      from: { path: "^src/core/", pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: ["core"], pathNot: "^(node:)?crypto$" },
    },
    {
      name: "only-the-runtime-touches-onnxruntime",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/engine/runtime/", "\\.test\\.ts$"] },
      to: { path: "node_modules/onnxruntime-node" },
    },
    {
      name: "workers-are-imported-by-no-one",
      severity: "error",
      from: { pathNot: "^src/workers/" },
      to: { path: "^src/workers/" },
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { extensions: [".ts", ".js", ".mjs", ".cjs", ".json"] },
  },
};
