/** An option that is a whole number, read strictly: "12x" and "1e3" are mistakes. */
import { RatchetError } from "../core/errors.ts";

export const wholeNumber =
  (option: string, least: number, most: number) =>
  (text: string): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new RatchetError(
      "InvalidInput",
      `${option} '${text}' is no whole number from ${least} to ${most}; give one, or leave the option out`,
      { field: option, value: text },
    );
  };
