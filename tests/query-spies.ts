/** What the database is asked, counted, and things that happen at the moment of a question. */
import pg from "pg";
import { vi } from "vitest";

/** How many questions with these words the work asks. */
export async function asked(words: string, work: () => Promise<unknown>): Promise<number> {
  const query = vi.spyOn(pg.Client.prototype, "query");
  try {
    await work();
    return query.mock.calls.filter(([text]) => typeof text === "string" && text.includes(words)).length;
  } finally {
    query.mockRestore();
  }
}

/** Does something once the next question with these words is answered, before whoever asked it knows. */
export function onceAsked(words: string, act: () => Promise<unknown>): void {
  const { query } = pg.Client.prototype;
  const spy = vi.spyOn(pg.Client.prototype, "query");
  spy.mockImplementation(async function ask(this: pg.Client, ...given: unknown[]) {
    const answer = await Reflect.apply(query, this, given);
    if (!String(given[0]).includes(words)) return answer;
    spy.mockRestore();
    await act();
    return answer;
  } as never);
}
