/**
 * Where the peers live: a throw-away folder with PyTorch, transformers, TRL and gguf from PyPI, node-llama-cpp from npm,
 * and the weights as an F32 GGUF file. Made once (6 GB); deleting the folder undoes it.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export interface Peers {
  /** Command of the PyTorch side and of TRL's. */
  readonly torch: readonly string[];
  readonly trl: readonly string[];
  readonly llama: readonly string[];
  readonly folder: string;
  /** Names and versions, for the record. */
  readonly versions: readonly string[];
}

/** `policy`: a Hugging Face folder that has the GGUF file it was made from beside it. */
export function preparePeers(folder: string, policy: string, threads: number): Peers {
  const python = join(folder, "venv", "bin", "python");
  mkdirSync(folder, { recursive: true });
  if (!existsSync(python)) run("python3", ["-m", "venv", join(folder, "venv")], folder);
  const packages = ["torch", "transformers", "trl", "gguf"];
  const imported = spawnSync(python, ["-c", `import ${packages.join(", ")}`]).status === 0;
  if (!imported) run(python, ["-m", "pip", "install", "--quiet", ...packages], folder);
  if (!existsSync(join(folder, "package.json")))
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  if (!existsSync(join(folder, "node_modules", "node-llama-cpp")))
    run("npm", ["install", "--no-audit", "--no-fund", "node-llama-cpp"], folder);
  copyFileSync(here("llama.mjs"), join(folder, "llama.mjs"));
  const gguf = join(folder, "f32.gguf");
  if (!existsSync(gguf))
    run(
      python,
      [here("f32_gguf.py"), join(dirname(policy), "SmolLM2-135M-Instruct.Q4_1.gguf"), gguf],
      folder,
    );
  const side = (mode: string) => [python, here("peer.py"), policy, String(threads), mode];
  return {
    torch: side("torch"),
    trl: side("trl"),
    llama: [process.execPath, join(folder, "llama.mjs"), gguf, String(threads)],
    folder,
    versions: versionsOf(python, folder),
  };
}

function versionsOf(python: string, folder: string): string[] {
  const code =
    "import importlib.metadata as m; print(*(f'{p} {m.version(p)}' for p in ('torch', 'transformers', 'trl')), sep='\\n')";
  const { stdout } = spawnSync(python, ["-c", code], { encoding: "utf8" });
  const llama = spawnSync("npm", ["ls", "--json", "node-llama-cpp"], { cwd: folder, encoding: "utf8" });
  const { dependencies } = JSON.parse(llama.stdout) as { dependencies: Record<string, { version: string }> };
  return [...stdout.trim().split("\n"), `node-llama-cpp ${dependencies["node-llama-cpp"]!.version}`];
}

function run(command: string, given: readonly string[], cwd: string): void {
  process.stderr.write(`${command} ${given.join(" ")}\n`);
  const { status } = spawnSync(command, given, { cwd, stdio: ["ignore", 2, 2] });
  if (status === 0) return;
  process.stderr.write(
    `bench:engine: '${command}' failed; its peers come from PyPI and npm, 6 GB under ${cwd}\n`,
  );
  process.exit(1);
}
