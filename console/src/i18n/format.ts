/** Times, ages and problems as text. Formatting only. */
import type { Problem } from "../api/client";
import type { Incident } from "../api/types";
import type { Words } from "./zh";

export interface Clockface {
  /** 14:03:22 */
  clock: (ms: number) => string;
  /** 14:03:22.480 */
  precise: (ms: number) => string;
  /** 11-22 14:03:22 */
  stamp: (ms: number) => string;
  /** 2026-11-22 */
  date: (ms: number) => string;
  /** 11-22 */
  day: (ms: number) => string;
  /** 14:03 */
  minute: (ms: number) => string;
}

type Part = "year" | "month" | "day" | "hour" | "minute" | "second";

/** A zone that this browser does not know falls back to the browser's own. */
function formatter(zone: string | undefined): Intl.DateTimeFormat {
  const options: Intl.DateTimeFormatOptions = {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  };
  try {
    return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone });
  } catch {
    return new Intl.DateTimeFormat("en-GB", options);
  }
}

export function clockface(zone: string | undefined): Clockface {
  const format = formatter(zone);
  const parts = (ms: number) => {
    const found: Partial<Record<Part, string>> = {};
    for (const { type, value } of format.formatToParts(ms)) found[type as Part] = value;
    return found;
  };
  const clock = (ms: number) => {
    const p = parts(ms);
    return `${p.hour}:${p.minute}:${p.second}`;
  };
  return {
    clock,
    precise: (ms) => `${clock(ms)}.${String(Math.floor(ms) % 1000).padStart(3, "0")}`,
    stamp: (ms) => {
      const p = parts(ms);
      return `${p.month}-${p.day} ${p.hour}:${p.minute}:${p.second}`;
    },
    date: (ms) => {
      const p = parts(ms);
      return `${p.year}-${p.month}-${p.day}`;
    },
    day: (ms) => {
      const p = parts(ms);
      return `${p.month}-${p.day}`;
    },
    minute: (ms) => {
      const p = parts(ms);
      return `${p.hour}:${p.minute}`;
    },
  };
}

/** How long ago, coarser with age: 48 s, 12 min, 3 h 05 min, 2 d. */
export function age(t: Words, ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return t.age.s(s);
  if (s < 600) return t.age.mmss(Math.floor(s / 60), s % 60);
  if (s < 3600) return t.age.m(Math.floor(s / 60));
  if (s < 86_400) return t.age.h(Math.floor(s / 3600), Math.floor((s % 3600) / 60));
  return t.age.d(Math.floor(s / 86_400));
}

/** Seconds with one decimal, as in "12.4 s". */
export function seconds(t: Words, s: number): string {
  return t.age.exact(s.toFixed(1));
}

/** 0:07.3 */
export function position(s: number): string {
  const whole = Math.max(0, s);
  const m = Math.floor(whole / 60);
  return `${m}:${(whole - m * 60).toFixed(1).padStart(4, "0")}`;
}

/** 1.4 TB, 32 GB, 812 MB: powers of 1000, as disks are sold. */
export function bytes(n: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = n;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** What went wrong, for people: our words for a known code, the server's own sentence beside its code otherwise. */
export function problemText(t: Words, problem: Problem): string {
  const words = t.error.codes[problem.code] ?? t.error.other(problem.code, problem.message);
  return problem.retry_after_s === undefined
    ? words
    : `${words} ${t.error.retryAfter(problem.retry_after_s)}`;
}

/** Why it is in the queue: what the rule saw, or what somebody reported. */
export function whyOf(t: Words, incident: Pick<Incident, "evidence" | "title">): string {
  return incident.evidence ? t.sentence(incident.evidence) : (incident.title ?? "");
}

/** What saw it, or where it is as the report says. */
export function seenAt(incident: Pick<Incident, "camera_name" | "location">): string {
  return incident.camera_name ?? incident.location ?? "";
}

/** Its area, and what kind of place the camera looks at. */
export function whereOf(t: Words, incident: Incident): string {
  const place = incident.place === undefined ? "" : ` · ${t.place[incident.place] ?? incident.place}`;
  return `${incident.area_name}${place}`;
}
