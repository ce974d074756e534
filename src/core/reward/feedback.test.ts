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
  });

  it("names the type of arguments that are no object, and quotes an unknown name, as Python does", () => {
    const types = ["[1]", '"a"', "null", "true", "5", "5.0", "NaN"].map((text) =>
      badArgumentsFeedback("ratio", text),
    );
    expect(types[0]).toBe(
      "an error occured when call ratio: ratio() argument after ** must be a mapping, not list",
    );
    expect(types.map((text) => text.split(" ").at(-1))).toEqual([
      "list",
      "str",
      "NoneType",
      "bool",
      "int",
      "float",
      "float",
    ]);
    expect(unknownToolFeedback("it's")).toBe("an error occured when call it's: \"it's\"");
    expect(unknownToolFeedback('it\'s "a"\n')).toBe(
      "an error occured when call it's \"a\"\n: 'it\\'s \"a\"\\n'",
    );
  });
});
