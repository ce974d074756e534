/** Sessions by an id nobody can guess. Of more than there is room for, the one unused for longest is ended. */
import { randomUUID } from "node:crypto";

export interface Sessions<T> {
  /** Gives the new session's id. */
  add(make: (id: string) => T): string;
  /** Undefined for an id that is unknown or was ended. */
  get(id: string): T | undefined;
  end(id: string): boolean;
  endAll(): void;
}

export function createSessions<T>(most: number, onEnd: (session: T) => void): Sessions<T> {
  const open = new Map<string, T>();
  const end = (id: string): boolean => {
    const session = open.get(id);
    open.delete(id);
    if (session !== undefined) onEnd(session);
    return session !== undefined;
  };
  return {
    add(make) {
      if (open.size >= most) end(open.keys().next().value!);
      const id = randomUUID();
      open.set(id, make(id));
      return id;
    },
    get(id) {
      const session = open.get(id);
      // The order of the map is the order of use.
      if (session !== undefined) {
        open.delete(id);
        open.set(id, session);
      }
      return session;
    },
    end,
    endAll: () => {
      for (const id of [...open.keys()]) end(id);
    },
  };
}
