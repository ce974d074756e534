// The import directions of ARCHITECTURE.md, enforced. `scripts/layers.cjs` holds the layers.
const { layers } = require("./scripts/layers.cjs");

module.exports = {
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
      from: { path: "^src/", pathNot: "^src/workers/" },
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
