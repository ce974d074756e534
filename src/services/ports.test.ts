import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { chooseFreePort, isPortFree } from "./ports.ts";

const any = () => true;

describe("choosing a port", () => {
  it("takes the preferred one where it is free", async () => {
    const preferred = await chooseFreePort(0, 4_321, (port) => port !== 0);
    expect(await chooseFreePort(preferred, 0, any)).toBe(preferred);
  });

  it("takes one below the ephemeral range, which another seed places elsewhere, where it is not", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    expect(await isPortFree(port)).toBe(false);
    const first = await chooseFreePort(port, 0, any);
    const second = await chooseFreePort(port, 5_000, any);
    expect(first).toBeGreaterThanOrEqual(20_000);
    expect(first).toBeLessThan(20_500);
    expect(second).toBeGreaterThanOrEqual(25_000);
    expect(second).toBeLessThan(25_500);
    await new Promise((resolve) => server.close(resolve));
  });

  it("never gives a port that is already meant for something else", async () => {
    const first = await chooseFreePort(0, 9_000, (port) => port !== 0);
    expect(await chooseFreePort(first, 9_000, (port) => port !== first)).not.toBe(first);
  });
});
