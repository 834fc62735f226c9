/** Which stretches of footage a pane asks for, one after the other. */
import type { Stretch } from "../api/recordings";

export const WINDOW_MS = 600_000;

/** The window that holds an instant: on a fixed grid, so that two looks at the same minute are one address. */
export function windowAt(at_ms: number, now_ms: number): Stretch {
  const from_ms = Math.floor(at_ms / WINDOW_MS) * WINDOW_MS;
  return { from_ms, to_ms: endOf(from_ms, at_ms, now_ms) };
}

/** A window that begins at the instant itself: what follows on the end of a recording that still grows. */
export function windowFrom(at_ms: number, now_ms: number): Stretch {
  const from_ms = Math.floor(at_ms);
  return { from_ms, to_ms: endOf(from_ms, at_ms, now_ms) };
}

function endOf(from_ms: number, at_ms: number, now_ms: number): number {
  const full = (Math.floor(from_ms / WINDOW_MS) + 1) * WINDOW_MS;
  return Math.max(Math.min(full, Math.floor(now_ms)), Math.floor(at_ms) + 1_000);
}
