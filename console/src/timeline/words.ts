/** Lengths of time as people say them. Formatting only. */
import { age } from "../i18n/format";
import type { Words } from "../i18n/zh";
import { DAY, HOUR, MINUTE } from "./scale";

/** 10 min, 4 h, 3 days: the width of the strip. */
export function spanWords(t: Words, span_ms: number): string {
  const round = (n: number) => (n < 10 ? Math.round(n * 10) / 10 : Math.round(n));
  if (span_ms < HOUR) return t.timeline.span.m(round(span_ms / MINUTE));
  if (span_ms < DAY) return t.timeline.span.h(round(span_ms / HOUR));
  return t.timeline.span.d(round(span_ms / DAY));
}

export const lengthWords = (t: Words, ms: number): string =>
  ms < 10_000 ? t.age.exact((ms / 1000).toFixed(1)) : age(t, ms);
