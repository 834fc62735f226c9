/** Clip time to wall time and back: a clip runs beside wall time in spans, with gaps between them. */
import type { ClipSpan, Gap } from "../api/types";

/** Wall time of a place in the clip; before the first span it is reckoned back from there. */
export function wallAt(spans: readonly ClipSpan[], offset_s: number): number | null {
  let span = spans[0];
  if (!span) return null;
  for (const next of spans) {
    // Half a millisecond of slack: `mediaTime` is rounded to microseconds.
    if (next.offset_s > offset_s + 0.0005) break;
    span = next;
  }
  return span.wall_ms + (offset_s - span.offset_s) * 1000;
}

/** Place in the clip of a wall time; inside a gap it is where the next span begins. */
export function offsetAt(spans: readonly ClipSpan[], wall_ms: number, duration_s: number): number | null {
  if (spans.length === 0) return null;
  for (const [i, span] of spans.entries()) {
    const end_s = spans[i + 1]?.offset_s ?? duration_s;
    if (wall_ms < span.wall_ms) return span.offset_s;
    const offset = span.offset_s + (wall_ms - span.wall_ms) / 1000;
    if (offset < end_s) return offset;
  }
  return duration_s;
}

/** Where each gap lies on the clip's own time line, which has no room for it. */
export function gapMarks(
  spans: readonly ClipSpan[],
  gaps: readonly Gap[],
  duration_s: number,
): { at_s: number; gap: Gap }[] {
  return gaps.flatMap((gap) => {
    const at_s = offsetAt(spans, (gap.from_ms + gap.to_ms) / 2, duration_s);
    return at_s === null ? [] : [{ at_s, gap }];
  });
}
