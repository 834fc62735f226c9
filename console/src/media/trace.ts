/** The boxes of one instant out of a trace with fewer pictures than the video: interpolated within a track. */
import type { Rect, TraceBox, TraceFrame } from "../api/types";

/** Two pictures further apart than this say nothing about the time between them. */
const BRIDGE_MS = 1_500;
/** A box that is in only one of the two neighbours is shown this near to it. */
const ALONE_MS = 300;

function lerp(a: number, b: number, f: number): number {
  return a + (b - a) * f;
}

function between(a: Rect, b: Rect, f: number): Rect {
  return {
    x0: lerp(a.x0, b.x0, f),
    y0: lerp(a.y0, b.y0, f),
    x1: lerp(a.x1, b.x1, f),
    y1: lerp(a.y1, b.y1, f),
  };
}

/** Index of the last frame at or before `wall_ms`, -1 when there is none. `frames` is sorted by time. */
export function lastBefore(frames: readonly TraceFrame[], wall_ms: number): number {
  let low = 0;
  let high = frames.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if ((frames[mid]?.wall_ms ?? Number.POSITIVE_INFINITY) <= wall_ms) low = mid + 1;
    else high = mid;
  }
  return low - 1;
}

/** The boxes at `wall_ms`. */
export function boxesAt(frames: readonly TraceFrame[], wall_ms: number): TraceBox[] {
  const at = lastBefore(frames, wall_ms);
  const before = frames[at];
  const after = frames[at + 1];
  if (before && after && after.wall_ms - before.wall_ms <= BRIDGE_MS) return bridge(before, after, wall_ms);
  if (before && wall_ms - before.wall_ms <= ALONE_MS) return before.boxes;
  if (after && after.wall_ms - wall_ms <= ALONE_MS) return after.boxes;
  return [];
}

function bridge(before: TraceFrame, after: TraceFrame, wall_ms: number): TraceBox[] {
  const f = (wall_ms - before.wall_ms) / Math.max(1, after.wall_ms - before.wall_ms);
  const later = new Map(after.boxes.map((box) => [box.track, box]));
  const boxes: TraceBox[] = [];
  for (const box of before.boxes) {
    const next = later.get(box.track);
    later.delete(box.track);
    if (next) {
      boxes.push({
        ...box,
        confidence: lerp(box.confidence, next.confidence, f),
        rect: between(box.rect, next.rect, f),
      });
    } else if (wall_ms - before.wall_ms <= ALONE_MS) boxes.push(box);
  }
  for (const box of later.values()) if (after.wall_ms - wall_ms <= ALONE_MS) boxes.push(box);
  return boxes;
}
