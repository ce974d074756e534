import { describe, expect, it } from "vitest";
import { givenAwayIn } from "./given-away.ts";

describe("a text gives an answer away", () => {
  it.each([
    ["The flag is red.", "red"],
    ["see get_red_flag or theRedOne", "red"],
    ["What of Sao Tome?", "São Tomé"],
    ["the Ecuadorian coast", "Ecuador"],
    ["founded on July 20th, 1969", "1969-07-20"],
    ["with 5 626 410 people", "5626410"],
    ["with 5,626,410 people", "5626410"],
    ["with two hundred and fifty thousand people", "250000"],
    ["of Paris, and of Rome", "Rome, Paris"],
    ["首都は東京都です", "東京都"],
  ])("'%s' gives away %s", (text, answer) => {
    expect(givenAwayIn(text)(answer)).toBe(true);
  });

  it.each([
    ["this argument is required", "red"],
    ["the environment of a name", "iron"],
    ["people of Romania", "Oman"],
    ["founded on 20 July 1970", "1969-07-20"],
    ["at most 56264100", "562"],
    ["of Paris alone", "Rome, Paris"],
    ["up to 4 million", "1000000"],
  ])("'%s' does not give away %s", (text, answer) => {
    expect(givenAwayIn(text)(answer)).toBe(false);
  });
});
