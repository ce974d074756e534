/** `ratchet env serve ID`: the environment's tools for any agent, over MCP and HTTP, until Ctrl-C. */
import type { Command } from "commander";
import { readConfig } from "../../config/config.ts";
import { environmentHash } from "../../core/environment/environment.ts";
import { RatchetError } from "../../core/errors.ts";
import type { Case } from "../../core/gates/gate.ts";
import { defaultSandboxLimits } from "../../sandbox/limits.ts";
import { createSandbox } from "../../sandbox/sandbox.ts";
import { notice } from "../notice.ts";
import { wholeNumber } from "../whole-number.ts";
import { environmentLine } from "./describe.ts";

/** Sandbox children at a time; the calls of more clients wait. */
const callsAtOnce = 4;

interface ServeOptions {
  readonly port: number;
  readonly stdio?: boolean;
  readonly json?: boolean;
}

export function register(env: Command): void {
  env
    .command("serve")
    .argument("<FILE|ID>", "one environment")
    .description("serve an environment's tools over MCP and HTTP, on this machine alone")
    .option(
      "--port <number>",
      "port of 127.0.0.1; any free one by default",
      wholeNumber("--port", 0, 65_535),
      0,
    )
    .option("--stdio", "speak MCP on standard input and output instead")
    .option("--json", "print the addresses as one JSON object")
    .action(async (given: string, options: ServeOptions) => {
      const { readSubjects } = await import("./subjects.ts");
      const [subject, ...more] = await readSubjects(readConfig(), given);
      if (!subject || more.length > 0)
        throw new RatchetError(
          "InvalidInput",
          `'${given}' is ${more.length + 1} environments; name one of them: npx ratchet env list ${given}`,
          { field: "FILE|ID", value: given },
        );
      await serve(subject, options);
    });
}

async function serve(subject: Case, { port, stdio = false, json = false }: ServeOptions): Promise<void> {
  const { bounded } = await import("../../serve/bounded.ts");
  const sandbox = bounded(createSandbox({ ...defaultSandboxLimits, log: notice }), callsAtOnce);
  try {
    if (stdio) {
      const [{ serveStdio }, { openSession }] = await Promise.all([
        import("../../serve/mcp.ts"),
        import("../../serve/session.ts"),
      ]);
      await serveStdio(openSession(subject, sandbox));
      return;
    }
    const { serveHttp } = await import("../../serve/http.ts");
    const server = await serveHttp(subject, sandbox, port);
    const address = `http://127.0.0.1:${server.port}`;
    const hash = environmentHash(subject.environment);
    process.stdout.write(
      json
        ? `${JSON.stringify({ environment: hash, mcp: `${address}/mcp`, tools: `${address}/tools`, calls: `${address}/calls`, sessions: `${address}/sessions` })}\n`
        : `${environmentLine(subject.environment)}\n  MCP    ${address}/mcp\n  tools  ${address}/tools\n  calls  POST ${address}/calls\nCtrl-C ends it\n`,
    );
    await untilSignalled();
    await server.close();
  } finally {
    await sandbox.close();
  }
}

function untilSignalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
  });
}
