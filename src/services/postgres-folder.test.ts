import { mkdirSync, mkdtempSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { keepPostgresFolder } from "./postgres-folder.ts";

/** A home whose database lies elsewhere, in a folder that names it. */
function homeWithDatabase() {
  const folder = mkdtempSync(join(tmpdir(), "ratchet-folder-"));
  const [home, database] = [join(folder, "home"), join(folder, "database")];
  for (const path of [home, database]) mkdirSync(path);
  writeFileSync(join(database, "home"), home);
  return { folder, home, database, owner: () => readFileSync(join(database, "home"), "utf8") };
}

describe("a database outside its home", () => {
  it("is the home's still after the home was moved", () => {
    const { folder, home, database, owner } = homeWithDatabase();
    const moved = join(folder, "moved");
    renameSync(home, moved);
    keepPostgresFolder(moved, database, () => undefined);
    expect(owner()).toBe(moved);
  });

  it("is not a copy's", () => {
    const { folder, home, database, owner } = homeWithDatabase();
    const copy = join(folder, "copy");
    mkdirSync(copy);
    expect(() => keepPostgresFolder(copy, database, () => database)).toThrow(
      `${copy} is a copy of ${home}, whose database in ${database} it names; use that home, or another RATCHET_HOME to begin anew`,
    );
    expect(owner()).toBe(home);
  });

  it("is the home's by whichever path the home is come to", () => {
    const { folder, home, database } = homeWithDatabase();
    symlinkSync(home, join(folder, "link"));
    expect(() => keepPostgresFolder(join(folder, "link"), database, () => database)).not.toThrow();
  });
});
