import { describe, expect, it } from "vitest";
import { strangerAmong } from "./strangers.ts";

const own = { host: "here", isRunning: (pid: number) => pid < 100, pids: [7] };
const among = (identity: string, polledMsAgo = 0) => strangerAmong([{ identity, polledMsAgo }], own);

describe("whoever polls the queues of a Temporal", () => {
  it("is a stranger where it runs and is no process of this home", () => {
    expect(among("ratchet-workflow-8@here")).toBe("ratchet-workflow-8@here");
    expect(among("ratchet-workflow-7@there", 60_000)).toBe("ratchet-workflow-7@there");
    expect(among("somebody's")).toBe("somebody's");
  });

  it("is none where it is this home's own, has died, or asks no more", () => {
    expect(among("ratchet-workflow-7@here")).toBeUndefined();
    expect(among("ratchet-workflow-100@here")).toBeUndefined();
    expect(among("ratchet-workflow-8@there", 71_000)).toBeUndefined();
    expect(strangerAmong([], own)).toBeUndefined();
  });
});
