import { describe, expect, it } from "vitest";
import { databaseError, openDatabase } from "./database.ts";

const failure = (code: string, message = "boom") => Object.assign(new Error(message), { code });

describe("what goes wrong with Postgres", () => {
  it.each(["ECONNREFUSED", "57P01", "57P03", "08006", "53300", "40P01"])(
    "%s may be retried, and names the server",
    (code) => {
      expect(databaseError(failure(code), "db:5432/ratchet")).toMatchObject({
        type: "DatabaseUnavailable",
        retryable: true,
        message: `Postgres at db:5432/ratchet does not answer (${code}); start it or correct DATABASE_URL`,
      });
    },
  );

  it.each(["Connection terminated unexpectedly", "timeout expired", "Query read timeout"])(
    "a lost connection may be retried: %s",
    (message) => {
      expect(databaseError(new Error(message), "db")).toMatchObject({ type: "DatabaseUnavailable" });
    },
  );

  it.each([
    ["28P01", "refuses the password; correct DATABASE_URL"],
    ["3D000", "has no such database; create it or correct DATABASE_URL"],
    [
      "42501",
      "denies this user the right to do that; make it the owner of the database, or correct DATABASE_URL",
    ],
  ])("%s is for a person to mend: a run parks on it", (code, reason) => {
    expect(databaseError(failure(code), "db")).toMatchObject({
      type: "DatabaseRefused",
      retryable: false,
      message: `Postgres at db ${reason}`,
    });
  });

  it("a database that takes no writes is waited for, and says what it is", () => {
    expect(databaseError(failure("25006"), "db")).toMatchObject({
      type: "DatabaseUnavailable",
      retryable: true,
      message: "Postgres at db is read-only; let it take writes again, or correct DATABASE_URL (25006)",
    });
  });

  it("a full disk of the database is a full disk", () => {
    expect(databaseError(failure("53100"), "db")).toMatchObject({ type: "StorageFull" });
  });

  it("a bug stays a bug", () => {
    const bug = failure("42703", "column does not exist");
    expect(databaseError(bug, "db")).toBe(bug);
  });
});

describe("opening the database", () => {
  it("never shows the password, though nobody answers", async () => {
    const opening = openDatabase("postgres://ratchet:hunter2@127.0.0.1:1/ratchet");
    await expect(opening).rejects.toMatchObject({
      type: "DatabaseUnavailable",
      message:
        "Postgres at 127.0.0.1:1/ratchet does not answer (ECONNREFUSED); start it or correct DATABASE_URL",
    });
    const error = await opening.catch((caught) => caught);
    expect(JSON.stringify([error.message, error.stack, error.fields, String(error.cause)])).not.toContain(
      "hunter2",
    );
  });

  it.each(["hunter2", "mysql://u:hunter2@h/db", ""])(
    "refuses a URL that is not Postgres's: %j",
    async (url) => {
      await expect(openDatabase(url)).rejects.toMatchObject({
        type: "InvalidInput",
        message: "DATABASE_URL is not a Postgres URL; give it as postgres://user:password@host:port/database",
      });
    },
  );
});
