/**
 * How a child is started so that the kernel and Node hold it back, whatever the tool in it does: no environment, no
 * network where the kernel grants a namespace, no file written, no file read but the interpreter's own, no process
 * started, an end when its parent ends. What a platform lacks is left out, and said once.
 */
import { spawnSync } from "node:child_process";

/** Seconds of processor time after which the kernel ends a child whose parent could not: a bound, not a limit. */
const orphanCpuSeconds = 600;

/** V8 needs room for QuickJS's and CPython's own recursion limits to be met before its stack ends (kB). */
const stackKb = 7_800;

export interface Isolation {
  readonly command: string;
  /** Before the path of Node. */
  readonly prefix: readonly string[];
  /** Protections this machine does not offer. */
  readonly missing: readonly string[];
  /** Those it does offer. */
  readonly held: readonly string[];
}

interface Wrapper {
  readonly what: string;
  readonly choices: readonly (readonly string[])[];
}

const allWrappers: readonly Wrapper[] = [
  {
    what: "a network namespace",
    choices: [
      ["unshare", "-n"],
      ["unshare", "-U", "-n"],
    ],
  },
  { what: "an end with its parent", choices: [["setpriv", "--pdeathsig", "KILL", "--no-new-privs"]] },
];

/** Tries each wrapper on a command that does nothing; takes about 20 ms. With fewer wrappers, a machine that has fewer. */
export function findIsolation(wrappers = allWrappers): Isolation {
  const prefix: string[] = [];
  const [held, missing]: [string[], string[]] = [[], []];
  for (const { what, choices } of wrappers) {
    const working = choices.find((wrapper) => spawnSync("env", ["-i", ...wrapper, "true"]).status === 0);
    if (working) prefix.push(...working);
    (working ? held : missing).push(what);
  }
  // No core dump, no byte written to a regular file, no variable of the environment (a shell adds its own). `exec`
  // keeps the process id through every wrapper.
  const limits = `ulimit -c 0; ulimit -f 0; ulimit -t ${orphanCpuSeconds}; exec env -i "$@"`;
  return { command: "/bin/sh", prefix: ["-c", limits, "ratchet-sandbox", ...prefix], held, missing };
}

/** Node's flags for a child that may read these folders only. */
export function nodeFlags(readable: readonly string[]): string[] {
  const permission = process.allowedNodeEnvironmentFlags.has("--permission")
    ? "--permission"
    : "--experimental-permission";
  return [
    permission,
    ...readable.map((folder) => `--allow-fs-read=${folder}/*`),
    "--disallow-code-generation-from-strings",
    "--no-addons",
    "--no-warnings",
    `--stack-size=${stackKb}`,
    // Compiles WebAssembly once. Optimized again in the background, a stack's depth would depend on timing, and calls as
    // short as a tool's cost three times the processor time (200 calls: 0.57 s against 0.19 s).
    "--liftoff-only",
  ];
}
