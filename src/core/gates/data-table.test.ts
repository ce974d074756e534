import { expect, it } from "vitest";
import { exactWordings } from "./data-table.ts";

it("a date as it stands in data is said in one way, and in words in ways that other dates tell apart", () => {
  const said = (answer: string, other: string) =>
    exactWordings("1969-07-20", answer).map((say) => [say("1969-07-20"), say(other)]);
  expect(said("1969-07-20", "1970-05-04")).toEqual([["1969-07-20", "1970-05-04"]]);
  expect(said("20 July 1969", "1970-05-04")).toEqual([
    ["20 July 1969", "4 May 1970"],
    ["20 July 1969", "04 May 1970"],
  ]);
});
