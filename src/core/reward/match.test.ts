import { describe, expect, it } from "vitest";
import { answerMatches } from "./match.ts";

describe("answerMatches", () => {
  it("finds an answer inside a longer output, whatever the case", () => {
    expect(answerMatches("Vincent van Gogh", "The painter was VINCENT VAN GOGH (1853).")).toBe(true);
    expect(answerMatches("Vincent van Gogh", "The painter was Paul Gauguin.")).toBe(false);
  });

  it("ignores thousands separators on either side", () => {
    expect(answerMatches("2,102,650", "population: 2102650")).toBe(true);
    expect(answerMatches("2102650", "population: 2,102,650")).toBe(true);
  });

  it("wants every piece of a list, in any order", () => {
    expect(answerMatches("Euro, Dong", '["Dong", "Euro"]')).toBe(true);
    expect(answerMatches("Euro, Dong", '["Dong"]')).toBe(false);
  });

  it("splits lists on comma and blank only, so a bare comma joins", () => {
    expect(answerMatches("a,b", "xaby")).toBe(true);
    expect(answerMatches("a, b", "b and a")).toBe(true);
  });

  it("strips what Python strips, and no more", () => {
    expect(answerMatches("\x1c\u00a0Oslo\x85", "in oslo")).toBe(true);
    expect(answerMatches("\ufeffOslo", "in oslo")).toBe(false);
  });

  it("takes an empty answer as contained in everything, as a substring test does", () => {
    expect(answerMatches("", "anything")).toBe(true);
    expect(answerMatches("", "")).toBe(true);
  });
});
