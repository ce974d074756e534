import { describe, expect, it } from "vitest";
import { Arenas } from "./arenas.ts";

describe("Arenas", () => {
  it("gives again what was given to it, to one who asks for that size", () => {
    const arenas = new Arenas();
    const [a, b] = [arenas.take(3), arenas.take(4)];
    arenas.give(a, b);
    expect(arenas.take(4)).toBe(b);
    expect(arenas.take(4)).not.toBe(b);
    expect(arenas.take(3)).toBe(a);
  });

  it("keeps the four that were given last", () => {
    const arenas = new Arenas();
    const all = [1, 2, 3, 4, 5].map((size) => arenas.take(size));
    arenas.give(...all);
    expect(all.map((arena) => arenas.take(arena.length) === arena)).toEqual([false, true, true, true, true]);
  });
});
