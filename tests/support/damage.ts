/** Files damaged for a moment: cut off, or one bit of them changed. */
import { open, readFile, truncate, writeFile } from "node:fs/promises";

/** At each of these lengths; the content is put back at the end. */
export async function whileTruncated(
  path: string,
  lengths: readonly number[],
  check: (length: number) => Promise<void>,
): Promise<void> {
  const whole = await readFile(path);
  try {
    // The longest first, so that nothing has to be written in between.
    for (const length of [...lengths].sort((a, b) => b - a)) {
      await truncate(path, length);
      await check(length);
    }
  } finally {
    await writeFile(path, whole);
  }
}

/** `bit` counts from the file's start. */
export async function whileFlipped(path: string, bit: number, check: () => Promise<void>): Promise<void> {
  const file = await open(path, "r+");
  const at = Math.floor(bit / 8);
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  try {
    await file.write(Buffer.of(byte[0]! ^ (1 << (bit % 8))), 0, 1, at);
    await check();
  } finally {
    await file.write(byte, 0, 1, at);
    await file.close();
  }
}
