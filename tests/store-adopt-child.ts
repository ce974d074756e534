/** Adopts one folder after another, for ever, until it is killed: `adopt-child ROOT [same]`. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openArtifactFolder } from "../src/store/artifacts.ts";

const [root = "", mode = ""] = process.argv.slice(2);
const store = await openArtifactFolder(root, async () => {});
for (let round = 0; ; round++) {
  const fill = mode === "same" ? round : process.pid * 1000 + round;
  const folder = await store.stagingFolder();
  for (const name of ["a.bin", "b.bin", "c.bin"])
    await writeFile(join(folder, name), Buffer.alloc(200_000, `${name} ${fill}`));
  await store.adoptFolder("checkpoint", folder, { fill });
  if (round === 0) process.stdout.write("first\n");
}
