/** A line for whoever is at the terminal, beside the command's own output. */
export function notice(text: string): void {
  process.stderr.write(`${text}\n`);
}
