/** Where a person wants something written and it cannot be: wrong input, said in one sentence. */
import { RatchetError } from "../core/errors.ts";

/** Throws InvalidInput where the file system refuses what `work` does at the path. */
export function writing<T>(field: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new RatchetError(
      "InvalidInput",
      `${field} ${path} cannot be written (${code}); name another place`,
      { field, value: path },
      error,
    );
  }
}
