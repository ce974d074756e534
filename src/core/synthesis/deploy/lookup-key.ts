/** How names are compared in tables: without case, accents, curly apostrophes or surplus white space. */

/** JavaScript source of the same rule, for generated tools. */
export const tidyKeySource =
  '(text) => text.normalize("NFKD").replace(/[\\u0300-\\u036f]/g, "").replace(/[\\u2018\\u2019\\u02bb\\u02bc]/g, "\'").trim().replace(/\\s+/g, " ").toLowerCase()';

export function tidyKey(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/[\u2018\u2019\u02bb\u02bc]/g, "'")
    .trim()
    .replace(/\s+/g, " ")
    .toLowerCase();
}
