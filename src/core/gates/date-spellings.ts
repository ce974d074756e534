/** How a text may say a date: in words, by its parts in another order, and as it stands in data. */
import type { Json } from "../json.ts";

const months = "January February March April May June July August September October November December".split(
  " ",
);

/** Text as data have a day; whether there is such a day is not looked at. */
export const isDate = (value: Json): value is string =>
  typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value);

/** Those that nobody reads as another day: "06.07.1969" and "07/06/1969" may be the sixth of July or the seventh of June. */
export function plainDateSpellings(date: string): string[] {
  const [, month, day] = date.split("-").map(Number);
  const isPlain = day! > 12 || day === month;
  return dateSpellings(date).filter((said) => isPlain || /[a-z]|^\d{4}/.test(said));
}

/** Of "1969-07-20": "20 July 1969", "July 20th, 1969", "20.07.1969" and the like, of any date in one order. None for what is no date. */
export function dateSpellings(date: string): string[] {
  if (!isDate(date)) return [];
  const [year, mm, dd] = date.split("-") as [string, string, string];
  const month = months[Number(mm) - 1];
  if (!month) return [];
  const day = String(Number(dd));
  const days = [day, dd, day + ordinalEnding(Number(dd))];
  const short = month.slice(0, 3);
  const names = [month, short, `${short}.`, month === "September" ? "Sept" : short];
  const inWords = names.flatMap((name) =>
    days.flatMap((one) => [
      `${one} ${name} ${year}`,
      `${one} ${name}, ${year}`,
      `${one} of ${name} ${year}`,
      `${one} of ${name}, ${year}`,
      `${name} ${one} ${year}`,
      `${name} ${one}, ${year}`,
    ]),
  );
  const inNumbers = [".", "/", "-", " "].flatMap((between) =>
    [
      [dd, mm, year],
      [day, String(Number(mm)), year],
      [mm, dd, year],
      [String(Number(mm)), day, year],
      [year, mm, dd],
    ].map((parts) => parts.join(between)),
  );
  return [...inWords, ...inNumbers];
}

function ordinalEnding(day: number): string {
  if (day >= 11 && day <= 13) return "th";
  return ["th", "st", "nd", "rd"][day % 10] ?? "th";
}
