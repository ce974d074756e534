/**
 * What becomes of a command whose output cannot be written: nothing where its reader has gone, else a refusal in words.
 * Either way its work, and the services it supervises, come to their end in order.
 */
import { RatchetError } from "../core/errors.ts";
import { exitCodes, reportError } from "./exit.ts";

type Output = Pick<NodeJS.WriteStream, "on" | "isTTY">;

interface Writer {
  readonly stdout: Output;
  readonly stderr: Output;
  exitCode?: NodeJS.Process["exitCode"];
  on(event: "exit", listener: () => void): unknown;
}

/** `head` and the like close the pipe once they have read enough, and a terminal that was closed gives EIO; a disk may too. */
const isReaderGone = (code: string | undefined, { isTTY }: Output) =>
  code === "EPIPE" || code === "ERR_STREAM_DESTROYED" || (code === "EIO" && isTTY);

/**
 * From here on, for as long as the process lasts. A refusal is said once, and is the exit code of a command that would
 * have ended well; what comes later is tried again, since a disk may have room by then.
 */
export function watchOutput(writer: Writer = process): void {
  let refused: number | undefined;
  writer.stderr.on("error", () => undefined);
  writer.stdout.on("error", (error: NodeJS.ErrnoException) => {
    const { code } = error;
    if (refused !== undefined || isReaderGone(code, writer.stdout)) return;
    const message = `standard output cannot be written (${code}); send it elsewhere`;
    refused = reportError(new RatchetError("InvalidInput", message, { field: "standard output" }, error));
  });
  // Not before: until then the command may still set its own.
  writer.on("exit", () => {
    if (refused !== undefined && (writer.exitCode ?? exitCodes.ok) === exitCodes.ok)
      writer.exitCode = refused;
  });
}
