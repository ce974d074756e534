// The dependencies that a user installs, asked of the registry's advisories: high and critical ones fail. Where there is
// no verdict the check says so and why. That fails under CI, but not where the registry has no such service at all.
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
  readonly error?: { readonly code?: string; readonly summary?: string };
  readonly message?: string;
  readonly statusCode?: number;
}

/** `excusable`: the registry has no advisories to ask for, or none was reached; anything else is a bad answer. */
type Verdict =
  | { readonly skipped: string; readonly excusable: boolean }
  | { readonly found: readonly string[] };

/** A mirror without the service refuses the request's path or method. */
const noService = /\b(404|405|501)\b|E404|E405|ENOAUDIT/;
const notReached = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|ETIMEDOUT|offline|ENOTCACHED/i;

/** Why there is no verdict, or a line for each grave advisory; `late` says that npm was ended before it answered. */
export function verdictOf(stdout: string, late: boolean): Verdict {
  if (late) return { skipped: `the registry gave no answer within ${limitMs / 1000} s`, excusable: true };
  let report: Report;
  try {
    report = JSON.parse(stdout) as Report;
  } catch {
    return { skipped: "npm gave no report", excusable: false };
  }
  const { vulnerabilities, error, message, statusCode } = report;
  if (vulnerabilities === undefined) {
    const skipped = error?.summary || message?.split(" - ")[0] || "npm's report has no list of advisories";
    const said = [skipped, error?.code, message, statusCode].join(" ");
    return { skipped, excusable: noService.test(said) || notReached.test(said) };
  }
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
  if ("skipped" in verdict) {
    const fails = !verdict.excusable && Boolean(process.env.CI);
    process.stdout.write(
      `${fails ? "FAILED" : "SKIPPED"}: dependencies were NOT checked for advisories: ${verdict.skipped}\n`,
    );
    process.exitCode = fails ? 1 : 0;
  } else {
    const none = ["no advisory of high or critical severity"];
    for (const line of verdict.found.length > 0 ? verdict.found : none) process.stdout.write(`${line}\n`);
    process.exitCode = verdict.found.length > 0 ? 1 : 0;
  }
}
