/** A process is its pid and its start time: pids are used again, start times of one pid are not. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; equal for the same process only. */
  readonly startTime: string;
}

/** Undefined where no live process has this pid. Linux is read from /proc, other systems through `ps`. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const startTime = process.platform === "linux" ? startOnLinux(pid) : startByPs(pid);
  return startTime === undefined ? undefined : { pid, startTime };
}

export function isSameProcess({ pid, startTime }: ProcessIdentity): boolean {
  return identityOf(pid)?.startTime === startTime;
}

function startOnLinux(pid: number): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").slice(0, 8);
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // proc_pid_stat(5): the second field may hold spaces and parentheses, so fields count from the last parenthesis;
    // state is field 3 and starttime field 22.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : `${boot}:${fields[19]}`;
  } catch {
    return undefined;
  }
}

function startByPs(pid: number): string | undefined {
  try {
    // In the machine's own time zone it would be another start time once that changes.
    const env = { LC_ALL: "C", TZ: "UTC", PATH: "/bin:/usr/bin" };
    const line = execFileSync("ps", ["-p", `${pid}`, "-o", "state=,lstart="], {
      env,
      encoding: "utf8",
    }).trim();
    return line === "" || line.startsWith("Z") ? undefined : line.slice(line.indexOf(" ")).trim();
  } catch {
    return undefined;
  }
}
