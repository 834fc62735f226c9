/** Where the strip's ruler has lines, in the site's local time. */
import { DAY, HOUR, MINUTE, type View } from "./scale";

export interface Tick {
  at_ms: number;
  /** `day` begins a local day and carries its date; `major` is labelled; `minor` is a short line. */
  rank: "day" | "major" | "minor";
}

/** Local time minus UTC, in ms, at an instant. */
export type OffsetAt = (at_ms: number) => number;

const STEPS: readonly { major: number; minor: number }[] = [
  { major: 10_000, minor: 1_000 },
  { major: 30_000, minor: 5_000 },
  { major: MINUTE, minor: 10_000 },
  { major: 5 * MINUTE, minor: MINUTE },
  { major: 10 * MINUTE, minor: 2 * MINUTE },
  { major: 30 * MINUTE, minor: 5 * MINUTE },
  { major: HOUR, minor: 10 * MINUTE },
  { major: 3 * HOUR, minor: 30 * MINUTE },
  { major: 6 * HOUR, minor: HOUR },
  { major: 12 * HOUR, minor: 3 * HOUR },
  { major: DAY, minor: 6 * HOUR },
  { major: 2 * DAY, minor: DAY },
  { major: 5 * DAY, minor: DAY },
  { major: 10 * DAY, minor: DAY },
];

/** A formatter is asked once per offset change at most: zones change theirs twice a year. */
export function zoneOffset(zone: string | undefined): OffsetAt {
  const options = { timeZone: zone, timeZoneName: "longOffset" } as const;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-GB", options);
  } catch {
    format = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: undefined });
  }
  const known = new Map<number, number>();
  return (at_ms) => {
    const hour = Math.floor(at_ms / HOUR);
    const kept = known.get(hour);
    if (kept !== undefined) return kept;
    const name = format.formatToParts(at_ms).find((part) => part.type === "timeZoneName")?.value ?? "GMT";
    const match = /GMT([+-])(\d+)(?::(\d+))?/.exec(name);
    const minutes = match ? Number(match[2]) * 60 + Number(match[3] ?? 0) : 0;
    const offset = (match?.[1] === "-" ? -minutes : minutes) * MINUTE;
    if (known.size > 5_000) known.clear();
    known.set(hour, offset);
    return offset;
  };
}

/** Ticks of a view `width` pixels wide with at least `spacing` pixels between labels. */
export function ticks(view: View, width: number, offsetAt: OffsetAt, spacing = 90): Tick[] {
  const fewest = (view.span_ms / Math.max(1, width)) * spacing;
  const step = STEPS.find((s) => s.major >= fewest) ?? { major: 10 * DAY, minor: DAY };
  const found: Tick[] = [];
  const end = view.from_ms + view.span_ms;
  const first = offsetAt(view.from_ms);
  let local = Math.floor((view.from_ms + first) / step.minor) * step.minor;
  for (; ; local += step.minor) {
    // The offset of the line itself: a day may have 23 or 25 hours.
    const at_ms = local - offsetAt(local - first);
    if (at_ms > end) return found;
    if (at_ms < view.from_ms) continue;
    const rank = local % DAY === 0 ? "day" : local % step.major === 0 ? "major" : "minor";
    // Longer steps count from the month's own days; every second or fifth day is labelled only.
    const isQuietDay = rank === "day" && step.major > DAY && local % step.major !== 0;
    found.push({ at_ms, rank: isQuietDay ? "minor" : rank });
  }
}
