import { Template } from "@huggingface/jinja";
import { describe, expect, it } from "vitest";
import { parseTemplate } from "./bounded-template.ts";

const tools = [{ name: "f", parameters: { type: "object", properties: { a: { type: "string" } } } }];
const messages = Array.from({ length: 40 }, (_, i) => ({
  role: i % 2 ? "assistant" : "user",
  content: "naïve ".repeat(500),
}));

describe("a template within bounds", () => {
  it("renders what the library renders", () => {
    const template = `{%- set ns = namespace(n=0, last=none) %}
{%- macro shown(x, indent=2) %}[{{ x | tojson(indent=indent) }}]{% endmacro %}
{%- for m in messages[::-1] if m.role != 'user' %}
  {%- set ns.n = ns.n + range(1, 9, 3)[1] %}
  {{ loop.index0 }}:{{ m['content'] | upper | trim | length }}{{ 'x' in m.content and True }}
{%- endfor %}
{{ shown(tools) }}{{ ns.n }}{{ range(3) }}{{ range(5, 0, -2) }}{{ range(2, 1) }}{{ None }}{{ x is defined }}`;
    expect(parseTemplate(template)({ messages, tools })).toBe(
      new Template(template).render({ messages, tools }),
    );
  });

  it("has room for a turn whose many calls are answered at length", () => {
    const output = "\u0001 \ue000".repeat(2 ** 15);
    const outputs = (count: number, content: string) => ({
      messages: Array.from({ length: count }, () => ({ role: "tool", content })),
    });
    const asJson = parseTemplate("{% for m in messages %}<{{ m.content | tojson }}>{% endfor %}");
    expect(asJson(outputs(100, output))).toBe(`<${JSON.stringify(output)}>`.repeat(100));
    const beside = parseTemplate(
      "{% for m in messages %}{% if loop.first or messages[loop.index0 - 1].role != 'tool' %}{{ m.content }}{% endif %}{% endfor %}",
    );
    expect(beside(outputs(2_500, "x"))).toBe("x");
  });

  const doubled = (times: number, make: string) =>
    `{%- set ns = namespace(x=${make.includes("[") ? "[]" : "'aaaaaaaa'"}) -%}{%- for i in range(${times}) -%}{%- set ns.x = ${make} -%}{%- endfor -%}`;
  const long = doubled(18, "ns.x ~ ns.x");
  it.each([
    [
      "loops in loops",
      "{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}",
      "steps",
    ],
    [
      "a macro that calls itself twice",
      "{% macro m(n) %}{% if n > 0 %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(30) }}",
      "steps",
    ],
    ["a range without end", "{% for i in range(10 ** 12) %}{% endfor %}", "100000 members in a range"],
    ["a text that is doubled", doubled(60, "ns.x ~ ns.x"), "characters in a text"],
    ["a text that is joined of itself", `${long}{{ [ns.x, ns.x, ns.x] | join }}`, "characters in a list"],
    ["a list that is doubled", doubled(60, "ns.x + ns.x + [1]"), "characters in a list"],
    [
      "a list of lists, small as it is",
      `${doubled(60, "[ns.x, ns.x]")}{{ ns.x | tojson }}`,
      "characters in a list",
    ],
    [
      "a long text searched again and again",
      `${long}{% for i in range(99999) %}{{ 'b' in ns.x }}{% endfor %}`,
      "steps",
    ],
    ["a text cut into its characters", `${long}{{ ns.x.split('a') }}`, "characters in a list"],
    [
      "many long texts",
      `${long}{% for i in range(999) %}{{ ns.x | upper }}{% endfor %}`,
      "characters in all",
    ],
    ["lines indented without end", "{{ messages | tojson(indent=10 ** 8) }}", "64 spaces of indent"],
    ["lines indented by position", "{{ messages[0].content | indent(10 ** 8) }}", "64 spaces of indent"],
  ])("ends for %s, in a sentence", (_, template, sentence) => {
    expect(() => parseTemplate(template)({ messages })).toThrow(sentence);
  });
});
