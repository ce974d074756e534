/**
 * Which processes run, told apart from later ones that reuse a pid: a process is its pid and its start time. Linux is
 * read from /proc, macOS from `ps`; zombies count as gone.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { platform } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; equal for the same process only. */
  readonly startTime: string;
}

export interface ProcessEntry extends ProcessIdentity {
  readonly parentPid: number;
  readonly commandLine: string;
}

/** Every live process that this user may see. */
export function listProcesses(): ProcessEntry[] {
  if (platform() !== "linux") return listByPs([]);
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcEntry(Number(name)))
    .filter((entry) => entry !== undefined);
}

/** Undefined where no live process has this pid. */
export function findProcess(pid: number): ProcessEntry | undefined {
  return platform() === "linux" ? readProcEntry(pid) : listByPs(["-p", String(pid)])[0];
}

/** Throws nothing: a process that ended at once has a start time nobody matches. */
export function identify(pid: number): ProcessIdentity {
  return { pid, startTime: findProcess(pid)?.startTime ?? "gone" };
}

export function isAlive(identity: ProcessIdentity): boolean {
  return findProcess(identity.pid)?.startTime === identity.startTime;
}

/** Ticks since boot tell processes of one boot apart; the boot id tells boots apart. */
let bootId: string | undefined;

function readProcEntry(pid: number): ProcessEntry | undefined {
  try {
    bootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").slice(0, 8);
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field, the command's name, may hold spaces and parentheses: fields count from the last one.
    const [state, parentPid, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (state === "Z" || state === "X") return undefined;
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trimEnd();
    // starttime is field 22 of proc_pid_stat(5), the 18th after ppid.
    return { pid, startTime: `${bootId}:${rest[17]}`, parentPid: Number(parentPid), commandLine };
  } catch {
    return undefined;
  }
}

function listByPs(selection: string[]): ProcessEntry[] {
  const every = selection.length > 0 ? selection : ["-ax"];
  const { stdout } = spawnSync("ps", [...every, "-ww", "-o", "pid=,ppid=,state=,lstart=,command="], {
    encoding: "utf8",
    // Start times are told in the machine's own time zone, which may change while a process lives.
    env: { LC_ALL: "C", TZ: "UTC", PATH: "/bin:/usr/bin" },
  });
  return stdout.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(\S+\s+\S+\s+\d+\s+[\d:]+\s+\d{4})\s+(.*)$/.exec(line);
    if (match === null || match[3]!.startsWith("Z")) return [];
    return [
      {
        pid: Number(match[1]),
        parentPid: Number(match[2]),
        startTime: match[4]!,
        commandLine: match[5]!,
      },
    ];
  });
}

/** Sends a signal to the very process meant; false where it is gone. `group` reaches what it started too. */
export function sendSignal(identity: ProcessIdentity, signal: NodeJS.Signals, group = false): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(group ? -identity.pid : identity.pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Asks with `signal`, waits up to `graceMs`, then kills the process group. Resolves when the process is gone. */
export async function endProcess(
  identity: ProcessIdentity,
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<void> {
  sendSignal(identity, signal);
  const deadline = performance.now() + graceMs;
  while (isAlive(identity)) {
    if (performance.now() >= deadline && !sendSignal(identity, "SIGKILL", true))
      sendSignal(identity, "SIGKILL");
    await sleep(20);
  }
}

/**
 * Whether it has this very file open, or works in this very folder, and not one of the name that was removed since. Where
 * the system does not tell, whether there is one.
 */
export function holdsPath(pid: number, path: string): boolean {
  if (platform() !== "linux") return existsSync(path);
  try {
    const open = readdirSync(`/proc/${pid}/fd`).map((name) => `fd/${name}`);
    const real = realpathSync(path);
    return ["cwd", ...open].some((link) => targetOf(`/proc/${pid}/${link}`) === real);
  } catch {
    return false;
  }
}

/** Undefined of a file that was closed meanwhile. */
function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

/** The processes below `pid`, however deep, from one listing. */
export function descendantsOf(pid: number, processes: readonly ProcessEntry[]): ProcessEntry[] {
  const children = processes.filter((entry) => entry.parentPid === pid);
  return children.flatMap((child) => [child, ...descendantsOf(child.pid, processes)]);
}
