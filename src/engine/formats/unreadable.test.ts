import { expect, it } from "vitest";
import { unreadable } from "./unreadable.ts";

it("a long text is cut, and what is said has no half of a character", () => {
  const name = `${"x".repeat(999)}\u{1f600}`;
  const { message, fields } = unreadable("model.gguf", `its tensor '\ud83d' is none`, { name });
  expect(message).toBe("cannot read model.gguf: its tensor '\ufffd' is none; fetch or export the file again");
  expect(fields).toMatchObject({ name: `${"x".repeat(999)}\ufffd...` });
});
