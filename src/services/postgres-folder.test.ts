import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { keepPostgresFolder, removeOrphans } from "./postgres-folder.ts";

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

  it("goes once its home names another, and stays where the home is away, is damaged or nobody's", () => {
    const root = mkdtempSync(join(tmpdir(), "ratchet-shared-"));
    const owners = { old: "/anew", now: "/anew", away: "/away", damaged: "/damaged", unsaid: "" };
    for (const [name, owner] of Object.entries(owners)) {
      mkdirSync(join(root, name));
      writeFileSync(join(root, name, "home"), owner);
    }
    mkdirSync(join(root, "nobody's"));
    removeOrphans(root, (home) => {
      if (home === "/damaged") throw new Error("services.json is damaged");
      return home === "/anew" ? join(root, "now") : undefined;
    });
    expect(readdirSync(root).sort()).toEqual(["away", "damaged", "nobody's", "now", "unsaid"]);
  });

  it("is the home's by whichever path the home is come to", () => {
    const { folder, home, database } = homeWithDatabase();
    symlinkSync(home, join(folder, "link"));
    expect(() => keepPostgresFolder(join(folder, "link"), database, () => database)).not.toThrow();
  });
});
