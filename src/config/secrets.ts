/**
 * Secrets come from the environment, or from a file that NAME_FILE names, and from nowhere else. Whoever has read them
 * forgets the variables, so that no child process inherits what only its parent needs.
 */
import { readFileSync } from "node:fs";
import { RatchetError } from "../core/errors.ts";

/** Each may be given as NAME_FILE too: the path of a file that holds it. */
const fromFiles = ["DATABASE_URL", "HF_TOKEN", "RATCHET_METRICS_TOKEN", "RATCHET_PAYLOAD_KEY"] as const;
/** Temporal's own, which a temporal.toml profile may hold instead. */
const ofTemporal = /^TEMPORAL_(API_KEY|TLS_CLIENT_KEY_DATA|GRPC_META_.*)$/;
const keyBytes = 32;
/** Short enough to type, long enough that nobody guesses it. */
const shortestToken = 16;

/** The environment with every NAME_FILE replaced by its NAME. Throws InvalidInput where it cannot be, and never shows a value. */
export function readSecretFiles(environment: Readonly<Record<string, string>>): Record<string, string> {
  const read: Record<string, string> = { ...environment };
  for (const name of fromFiles) {
    const path = environment[`${name}_FILE`];
    if (path === undefined) continue;
    if (environment[name] !== undefined)
      throw invalid(`${name}_FILE`, `and ${name} are both set; unset one of them`);
    delete read[`${name}_FILE`];
    try {
      read[name] = readFileSync(path, "utf8").trim();
    } catch (error) {
      throw invalid(
        `${name}_FILE`,
        `= "${path}" cannot be read (${(error as NodeJS.ErrnoException).code}); name a file that this user may read`,
      );
    }
    if (read[name] === "") throw invalid(`${name}_FILE`, `= "${path}" is empty; write the secret into it`);
  }
  return read;
}

/** For a process that has read its configuration: what it starts from now on sees none of them. */
export function forgetSecrets(variables: NodeJS.ProcessEnv = process.env): void {
  for (const name of Object.keys(variables))
    if (ofTemporal.test(name) || (fromFiles as readonly string[]).includes(name)) delete variables[name];
}

/** 32 bytes each, in base64, parted by white space or commas: the first encrypts, all of them decrypt. */
export function readPayloadKeys(text: string | undefined): readonly Buffer[] {
  const keys = (text ?? "").split(/[\s,]+/).filter((word) => word !== "");
  return keys.map((key) => {
    const bytes = Buffer.from(key, "base64");
    if (/^[A-Za-z0-9+/]{43}=$/.test(key) && bytes.length === keyBytes) return bytes;
    const next = "make one with: openssl rand -base64 32";
    throw invalid("RATCHET_PAYLOAD_KEY", `must be ${keyBytes} bytes in base64, 44 characters each; ${next}`);
  });
}

export function checkToken(token: string | undefined): string | undefined {
  if (token === undefined || token.length >= shortestToken) return token;
  const next = "make one with: openssl rand -hex 24";
  throw invalid("RATCHET_METRICS_TOKEN", `has under ${shortestToken} characters; ${next}`);
}

function invalid(name: string, what: string): RatchetError {
  return new RatchetError("InvalidInput", `environment variable ${name} ${what}`, { field: name });
}
