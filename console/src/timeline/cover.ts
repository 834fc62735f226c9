/** Between wall time and the time inside one described window, both ways, and what is missing where. */
import type { Recording, RecordingGap, Stretch } from "../api/recordings";

type Described = Pick<Recording, "spans" | "gaps" | "duration_ms" | "end_ms"> & {
  continues_ms?: number | null;
};

/** Holes shorter than this come from the joints between runs; nobody calls them a gap. */
export const JOINT_MS = 500;

const lengthOf = (clip: Described, i: number): number => {
  const span = clip.spans[i];
  if (!span) return 0;
  return (clip.spans[i + 1]?.offset_ms ?? clip.duration_ms) - span.offset_ms;
};

/** Wall time of a place in the file. Before the first span it is reckoned back from there; null without spans. */
export function wallOf(clip: Described, offset_ms: number): number | null {
  let span = clip.spans[0];
  if (!span) return null;
  for (const next of clip.spans) {
    // Half a millisecond of slack: media time is rounded to microseconds.
    if (next.offset_ms > offset_ms + 0.5) break;
    span = next;
  }
  return span.wall_ms + (offset_ms - span.offset_ms);
}

export type Place =
  | { kind: "media"; offset_ms: number }
  /** `resume_ms`/`resume_offset_ms`: where this window goes on, null when it does not. */
  | { kind: "gap"; gap: RecordingGap | null; resume_ms: number | null; resume_offset_ms: number | null };

/** Where in the file an instant lies, or which gap it lies in. */
export function placeOf(clip: Described, wall_ms: number): Place {
  for (const [i, span] of clip.spans.entries()) {
    if (wall_ms < span.wall_ms) {
      const before = clip.spans[i - 1];
      const hole_ms = span.wall_ms - (before ? before.wall_ms + lengthOf(clip, i - 1) : wall_ms);
      if (hole_ms < JOINT_MS) return { kind: "media", offset_ms: span.offset_ms };
      return {
        kind: "gap",
        gap: gapAt(clip.gaps, wall_ms),
        resume_ms: span.wall_ms,
        resume_offset_ms: span.offset_ms,
      };
    }
    const into = wall_ms - span.wall_ms;
    const length = lengthOf(clip, i);
    if (into < length) return { kind: "media", offset_ms: span.offset_ms + into };
    const isLast = i === clip.spans.length - 1;
    if (isLast && into < length + JOINT_MS && gapAt(clip.gaps, wall_ms) === null) {
      return { kind: "media", offset_ms: Math.max(0, span.offset_ms + length - 1) };
    }
  }
  return { kind: "gap", gap: gapAt(clip.gaps, wall_ms), resume_ms: null, resume_offset_ms: null };
}

export function gapAt(gaps: readonly RecordingGap[], wall_ms: number): RecordingGap | null {
  return (
    gaps.find((g) => wall_ms >= g.from_ms - 1 && wall_ms < (g.to_ms ?? Number.POSITIVE_INFINITY) + 1) ?? null
  );
}

/** Footage of the last minutes may still be on its way to the index. */
const SETTLE_MS = 150_000;

/**
 * Up to when a description speaks for its window: to its end, unless the recording still grows there. What lies
 * beyond the end of a growing recording is not a gap but not there yet.
 */
export function coveredUntil(clip: Described, window: Stretch, asked_ms: number): number {
  // From there on it is coded otherwise: a description and a file of its own.
  if (clip.continues_ms != null) return Math.min(clip.continues_ms, window.to_ms);
  if (clip.end_ms >= window.to_ms - 1) return window.to_ms;
  const isRecent = window.to_ms > asked_ms - SETTLE_MS;
  const isGap = gapAt(clip.gaps, clip.end_ms + JOINT_MS) !== null;
  return isRecent && !isGap ? clip.end_ms : window.to_ms;
}
