import { describe, expect, it } from "vitest";
import { badArgumentsFeedback, toolFeedback, unknownToolFeedback } from "./feedback.ts";

describe("what FTRL's policy sees of a call", () => {
  it("is the output as it is", () => {
    expect(toolFeedback("ratio", { kind: "returned", text: "0.5", fuel: 3 })).toBe("0.5");
  });

  it("is the error's message after the tool's name, in FTRL's words", () => {
    const outcome = { kind: "raised", text: "division by zero", fuel: 3 } as const;
    expect(toolFeedback("ratio", outcome)).toBe("an error occured when call ratio: division by zero");
    expect(unknownToolFeedback("rato")).toBe("an error occured when call rato: 'rato'");
    expect(badArgumentsFeedback("ratio")).toBe(
      "an error occured when call ratio: ratio() argument after ** must be a mapping",
    );
  });
});
