/** What checkpoints take on disk by now, as files lie there: no database runs yet. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

export async function storedCheckpointBytes(artifactFolder: string): Promise<number> {
  const folder = join(artifactFolder, "checkpoint");
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        (found) => (found.isFile() ? found.size : 0),
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
