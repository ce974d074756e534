/**
 * HTML with everything escaped: a template's values become text unless a template made them. So nothing a model, a tool
 * or a data set says can become an element or an attribute.
 */
const markup = Symbol("markup");

/** Made by `html` alone; no JSON value can be one. */
export interface Html {
  readonly [markup]: string;
}

type Value = string | number | Html | readonly Html[] | null;

/** `null` is left out; an array is put one after another. Attribute values must stand in double quotes. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return { [markup]: parts.map((part, i) => part + (i < values.length ? embed(values[i]!) : "")).join("") };
}

export const documentText = (whole: Html): string => whole[markup];

function embed(value: Value): string {
  if (value === null) return "";
  if (typeof value !== "object") return escapeText(String(value));
  return "length" in value ? value.map((part) => part[markup]).join("") : value[markup];
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Control characters and lone surrogates, which no HTML document may hold, become U+FFFD. */
function escapeText(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => entities[character]!)
    .replace(/[^\P{Control}\t\n\r]|\p{Surrogate}/gu, "\ufffd");
}
