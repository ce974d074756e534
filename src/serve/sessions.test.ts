import { describe, expect, it } from "vitest";
import { createSessions } from "./sessions.ts";

describe("sessions", () => {
  it("of more than there is room for, the one unused for longest ends", () => {
    const ended: string[] = [];
    const sessions = createSessions<string>(2, (name) => ended.push(name));
    const [first, second] = ["first", "second"].map((name) => sessions.add(() => name));
    expect(sessions.get(first!)).toBe("first");
    sessions.add(() => "third");
    expect(ended).toEqual(["second"]);
    expect(sessions.get(second!)).toBeUndefined();
    sessions.endAll();
    expect(ended).toEqual(["second", "first", "third"]);
  });
});
