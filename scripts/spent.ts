/** What a piece of a benchmark's work took. */
import { readFileSync } from "node:fs";

/** `cpuMs` is of this process and of its children that have ended. */
export type Spent = Readonly<Record<"wallMs" | "cpuMs", number>>;

/** Of this process, and of its ended children where the kernel tells (fields 16 and 17 of stat, in hundredths of a second). */
export function processorMs(): number {
  const { user, system } = process.cpuUsage();
  if (process.platform !== "linux") return (user + system) / 1000;
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1]!.split(" ");
  return (user + system) / 1000 + (Number(fields[13]) + Number(fields[14])) * 10;
}
