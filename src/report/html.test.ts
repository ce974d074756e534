import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { documentText, html } from "./html.ts";

describe("an HTML template", () => {
  it("makes text of strings and keeps what templates made", () => {
    const inner = html`<b>${"a & b"}</b>`;
    expect(
      documentText(html`<p title="${'"quoted"'}">${"<i>"}${inner}${[inner, inner]}${null}${1.5}</p>`),
    ).toBe('<p title="&quot;quoted&quot;">&lt;i&gt;<b>a &amp; b</b><b>a &amp; b</b><b>a &amp; b</b>1.5</p>');
  });

  it("replaces what no document may hold, and keeps line breaks and other scripts", () => {
    expect(documentText(html`${"a\u0000b\ud800c\td\ne\u001b é 日本 😀"}`)).toBe(
      "a\ufffdb\ufffdc\td\ne\ufffd é 日本 😀",
    );
  });

  it("lets no string begin an element, end an attribute or name an entity of its own", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const written = documentText(html`${text}`);
        expect(written).not.toMatch(/[<>"']/);
        expect(written).not.toMatch(/&(?!(amp|lt|gt|quot|#39);)/);
      }),
      { numRuns: 50 },
    );
  });
});
