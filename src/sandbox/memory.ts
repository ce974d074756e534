/** Resident memory of a process as the kernel counts it, for limits that the process itself cannot evade. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";

/** Bytes; undefined where the process is gone. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  if (process.platform === "linux") {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  }
  return new Promise((resolve) => {
    execFile("ps", ["-o", "rss=", "-p", String(pid)], (error, stdout) => {
      resolve(error ? undefined : Number(stdout) * 1024);
    });
  });
}
