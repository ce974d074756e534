/**
 * What names and expressions of a program may hold, for whoever asks if one may be called. Values that may be the same
 * are one class (Steensgaard's analysis): classes only grow together, in whatever order the program is read.
 */

/** 0: no function; 1: a function, but none that makes functions of text; 2: perhaps one that does. */
export type Level = 0 | 1 | 2;

export interface Held {
  /** The class that it has become part of. */
  part?: Held;
  self: Level;
  /** Of what stands under names of built-in methods, or under names that only running the code would tell. */
  named: Level;
  /** Whatever is a member or an element. */
  contents?: Held;
}

export type HeldValues = ReturnType<typeof createHeldValues>;

export function createHeldValues() {
  let hasChanged = false;
  const made = (self: Level = 0, named: Level = 0): Held => ({ self, named });
  const classOf = (one: Held): Held => {
    let at = one;
    while (at.part) {
      if (at.part.part) at.part = at.part.part; // the way is shorter the next time
      at = at.part;
    }
    return at;
  };
  const raise = (one: Held, self: Level, named: Level = 0): void => {
    const at = classOf(one);
    if (self <= at.self && named <= at.named) return;
    hasChanged = true;
    if (self > at.self) at.self = self;
    if (named > at.named) at.named = named;
  };
  const contents = (one: Held): Held => {
    const at = classOf(one);
    at.contents ??= made();
    return classOf(at.contents);
  };
  const unite = (one: Held, other: Held): void => {
    const [kept, gone] = [classOf(one), classOf(other)];
    if (kept === gone) return;
    hasChanged = true;
    gone.part = kept;
    raise(kept, gone.self, gone.named);
    if (!gone.contents) return;
    if (kept.contents) unite(kept.contents, gone.contents);
    else kept.contents = gone.contents;
  };
  /** May be anything at all, and holds the like. */
  const unknown = made(2, 2);
  unknown.contents = unknown;
  return {
    made,
    classOf,
    raise,
    contents,
    unite,
    unknown,
    /** Whether anything grew since the last time this was asked. */
    changed(): boolean {
      const was = hasChanged;
      hasChanged = false;
      return was;
    },
  };
}
