/** What a process uses as the kernel counts it, for limits that the process itself cannot evade. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";

export interface Usage {
  readonly residentBytes: number;
  /** Processor time of all its threads so far. */
  readonly processorMs: number;
}

/** Linux counts processor time for user programs in hundredths of a second. */
const tickMs = 10;

/** Undefined where the process is gone. */
export async function usageOf(pid: number): Promise<Usage | undefined> {
  if (process.platform === "linux") {
    const files = ["status", "stat"].map((name) => readFile(`/proc/${pid}/${name}`, "utf8").catch(() => ""));
    const [status, stat] = (await Promise.all(files)) as [string, string];
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    if (kilobytes === undefined || stat === "") return undefined;
    // The name, in parentheses, may hold spaces. User and system time are fields 14 and 15 of all.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return {
      residentBytes: Number(kilobytes) * 1024,
      processorMs: (Number(fields[11]) + Number(fields[12])) * tickMs,
    };
  }
  return new Promise((resolve) => {
    execFile("ps", ["-o", "rss=,time=", "-p", String(pid)], (error, stdout) => {
      const [kilobytes, time] = stdout.trim().split(/\s+/);
      if (error || time === undefined) resolve(undefined);
      else resolve({ residentBytes: Number(kilobytes) * 1024, processorMs: 1000 * secondsOf(time) });
    });
  });
}

/** Of [[hours:]minutes:]seconds. */
const secondsOf = (time: string) => time.split(":").reduce((seconds, part) => seconds * 60 + Number(part), 0);
