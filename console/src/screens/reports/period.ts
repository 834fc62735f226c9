/** The day, week or month of a day on the site's calendar, as instants. No screen knows time zones but through this. */

export type PeriodKind = "daily" | "weekly" | "monthly";

const DAY_MS = 86_400_000;

/** Of a zone at an instant, minutes east of Greenwich. */
function offsetMs(zone: string, at: number): number {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).formatToParts(at);
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const wall = Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
  return wall - Math.floor(at / 1000) * 1000;
}

/** Midnight that begins `2026-11-26`. */
export function midnight(zone: string, day: string): number {
  const utc = Date.parse(`${day}T00:00:00Z`);
  // The offset of the instant itself: right on both sides of a change of the clocks.
  const guess = utc - offsetMs(zone, utc);
  return utc - offsetMs(zone, guess);
}

const plus = (day: string, days: number) =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

/** First day, and the day after the last. */
export function daysOf(kind: PeriodKind, day: string): [string, string] {
  if (kind === "daily") return [day, plus(day, 1)];
  if (kind === "weekly") {
    const weekday = (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
    return [plus(day, -weekday), plus(day, 7 - weekday)];
  }
  const [year = 0, month = 1] = day.split("-").map(Number);
  const first = `${day.slice(0, 7)}-01`;
  return [first, new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 10)];
}

/** From the first day's midnight to the one after the last. */
export function span(zone: string, first: string, after: string): { from_ms: number; to_ms: number } {
  return { from_ms: midnight(zone, first), to_ms: midnight(zone, after) };
}

export const dayAfter = (day: string) => plus(day, 1);
