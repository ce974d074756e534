/** How names are compared in tables: without case, accents or surplus white space. */

/** JavaScript source of the same rule, for generated tools. */
export const tidyKeySource =
  '(text) => text.normalize("NFKD").replace(/[\\u0300-\\u036f]/g, "").trim().replace(/\\s+/g, " ").toLowerCase()';

export function tidyKey(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .trim()
    .replace(/\s+/g, " ")
    .toLowerCase();
}
