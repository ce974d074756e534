// Runs a TypeScript program of ours: `node bin/launch.mjs FILE.ts [ARGUMENT...]`. Its sources are put into one bundle at
// its first use and again whenever one of them changed; a program that loads hundreds of files through a transforming
// loader takes twice the processor time to start, or more (docs/decisions/0002), and a killed worker is waited for. Packages stay outside.
import { createHash, randomUUID } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { argv } from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
/** Inside node_modules, so that a new install begins anew and packages are found from there. */
const cache = join(root, "node_modules", ".cache", "ratchet");
/** Since a bundle was last started. Running programs load chunks of theirs late, so what was replaced stays for a while. */
const keptMs = 30 * 24 * 3_600_000;

/** The program as a module; from its sources one by one where no bundle can be made (a full or read-only disk). */
export async function load(file) {
  const bundle = current(file) ?? (await make(file).catch(() => undefined));
  if (bundle === undefined) {
    const { register } = await import("tsx/esm/api").catch(withoutDependencies);
    register();
  }
  process.setSourceMapsEnabled(true);
  return import(pathToFileURL(bundle ?? file).href);
}

function withoutDependencies({ message }) {
  process.stderr.write(
    `ratchet: a dependency is missing (${message.split("\n")[0]}); install them once with: npm ci\n`,
  );
  process.exit(3);
}

/** Names the bundle that was made last, by this very file for this very place: a bundle knows where its sources lie. */
function indexOf(file) {
  const made = [file, stampOf(fileURLToPath(import.meta.url))].join(" ");
  return join(cache, `${sha256(made).slice(0, 16)}.json`);
}

const sha256 = (content) => createHash("sha256").update(content).digest("hex");

/** Undefined where there is none of these very sources, or where a power cut took some of it. */
function current(file) {
  try {
    const { folder, inputs, outputs } = JSON.parse(readFileSync(indexOf(file), "utf8"));
    const isSame = inputs.every(([path, stamp]) => stampOf(join(root, path)) === stamp);
    const isWhole = outputs.every(([path, hash]) => sha256(readFileSync(join(root, path))) === hash);
    if (!isSame || !isWhole) return undefined;
    noteUse([indexOf(file), join(cache, folder)]);
    return join(cache, folder, nameOf(file));
  } catch {
    return undefined;
  }
}

/** Another user may have made them. */
function noteUse(paths) {
  try {
    for (const path of paths) utimesSync(path, new Date(), new Date());
  } catch {}
}

const nameOf = (file) => basename(file).replace(/\.ts$/, ".js");

function stampOf(path) {
  const { mtimeMs, size } = statSync(path);
  return `${mtimeMs} ${size}`;
}

/** Into a folder of its own, which the index names once it is whole: whoever is killed, or meets another, spoils nothing. */
async function make(file) {
  mkdirSync(cache, { recursive: true });
  removeOld();
  const folder = randomUUID();
  mkdirSync(join(cache, folder));
  try {
    return await bundle(file, folder);
  } catch (error) {
    rmSync(join(cache, folder), { recursive: true, force: true });
    throw error;
  }
}

async function bundle(file, folder) {
  const { build, stop } = await import("esbuild");
  // Taken before, so that what changes meanwhile is seen to have changed.
  const stamps = new Map();
  const options = {
    entryPoints: [file],
    outdir: join(cache, folder),
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    keepNames: true,
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
    logLevel: "error",
    plugins: [
      {
        name: "sources-know-where-they-lie",
        setup: ({ onLoad }) =>
          onLoad({ filter: /\.(ts|mjs)$/ }, ({ path }) => {
            stamps.set(relative(root, path), stampOf(path));
            const text = readFileSync(path, "utf8");
            const contents = text.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href));
            return { contents, loader: path.endsWith(".ts") ? "ts" : "js" };
          }),
      },
    ],
  };
  // Its own process would stay, with an environment that may hold secrets.
  const { metafile } = await build(options).finally(stop);
  const inputs = Object.keys(metafile.inputs).map((path) => [
    path,
    stamps.get(path) ?? stampOf(join(root, path)),
  ]);
  const programs = Object.keys(metafile.outputs).filter((path) => path.endsWith(".js"));
  const outputs = programs.map((path) => [path, sha256(readFileSync(join(root, path)))]);
  const partial = join(cache, folder, "index.json");
  writeFileSync(partial, JSON.stringify({ folder, inputs, outputs }));
  renameSync(partial, indexOf(file));
  return join(cache, folder, nameOf(file));
}

function removeOld() {
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    const used = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - used > keptMs) rmSync(path, { recursive: true, force: true });
  }
}

if (argv[1] !== undefined && resolve(argv[1]) === fileURLToPath(import.meta.url)) {
  argv.splice(1, 1);
  argv[1] = resolve(argv[1]);
  await load(argv[1]);
}
