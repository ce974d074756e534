// The dependencies that a user installs, asked of the registry's advisories: high and critical ones fail. Where the
// registry does not answer, or has no such service, the check is skipped with a notice; it never waits for long.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const limitMs = 10_000;
const root = join(dirname(fileURLToPath(import.meta.url)), "..");

interface Advised {
  readonly name: string;
  readonly severity: string;
  readonly range: string;
  readonly via: readonly (string | { readonly title: string })[];
}

/** npm's answer, or the registry's refusal. */
interface Report {
  readonly vulnerabilities?: Readonly<Record<string, Advised>>;
  readonly error?: { readonly summary?: string };
  readonly message?: string;
}

/** Why there is no verdict, or a line for each grave advisory; `late` says that npm was ended before it answered. */
export function verdictOf(stdout: string, late: boolean): { skipped: string } | { found: string[] } {
  if (late) return { skipped: `no answer within ${limitMs / 1000} s` };
  let report: Report;
  try {
    report = JSON.parse(stdout) as Report;
  } catch {
    return { skipped: "npm gave no report" };
  }
  const { vulnerabilities, error, message } = report;
  if (vulnerabilities === undefined)
    return { skipped: error?.summary || message?.split(" - ")[0] || "the registry has no advisories" };
  const grave = Object.values(vulnerabilities).filter(({ severity }) =>
    ["high", "critical"].includes(severity),
  );
  return {
    found: grave.map(({ name, severity, range, via }) => {
      const reasons = via.map((cause) => (typeof cause === "string" ? cause : cause.title));
      return `${severity}: ${name} ${range}: ${reasons.join("; ")}`;
    }),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { stdout, error } = spawnSync("npm", ["audit", "--omit=dev", "--json", "--fetch-retries=0"], {
    cwd: root,
    encoding: "utf8",
    timeout: limitMs,
    killSignal: "SIGKILL",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const verdict = verdictOf(stdout, (error as NodeJS.ErrnoException | undefined)?.code === "ETIMEDOUT");
  if ("skipped" in verdict) process.stdout.write(`skipped: ${verdict.skipped}\n`);
  else {
    const none = ["no advisory of high or critical severity"];
    for (const line of verdict.found.length > 0 ? verdict.found : none) process.stdout.write(`${line}\n`);
    process.exitCode = verdict.found.length > 0 ? 1 : 0;
  }
}
