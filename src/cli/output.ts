/** What becomes of a command whose output cannot be written: nothing where its reader has gone, else a refusal in words. */
import { RatchetError } from "../core/errors.ts";
import { reportError } from "./exit.ts";

/** `head` and the like close the pipe once they have read enough. */
const readerGone: ReadonlySet<string | undefined> = new Set(["EPIPE", "ERR_STREAM_DESTROYED"]);

/** From here on, for as long as the process lasts; work under way still comes to its end where only its reader has gone. */
export function watchOutput(): void {
  process.stderr.on("error", () => undefined);
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    const { code } = error;
    if (readerGone.has(code)) return;
    const message = `standard output cannot be written (${code}); send it elsewhere`;
    process.exit(reportError(new RatchetError("InvalidInput", message, { field: "standard output" }, error)));
  });
}
