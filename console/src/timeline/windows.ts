/** Which stretches of footage a pane asks for, one after the other. */
import type { Stretch } from "../api/recordings";

export const WINDOW_MS = 600_000;
/** The next window is prepared when this much real time is left in the present one. */
export const LEAD_MS = 20_000;
/** Shorter than this is not worth a request at the live edge. */
const LEAST_MS = 2_000;

/** The window that holds an instant: on a fixed grid, so that two looks at the same minute are one address. */
export function windowAt(at_ms: number, now_ms: number): Stretch {
  const from_ms = Math.floor(at_ms / WINDOW_MS) * WINDOW_MS;
  return { from_ms, to_ms: endOf(from_ms, at_ms, now_ms) };
}

/** A window that begins at the instant itself: a transcoded stream cannot be entered in the middle. */
export function windowFrom(at_ms: number, now_ms: number): Stretch {
  const from_ms = Math.floor(at_ms);
  return { from_ms, to_ms: endOf(from_ms, at_ms, now_ms) };
}

function endOf(from_ms: number, at_ms: number, now_ms: number): number {
  const full = (Math.floor(from_ms / WINDOW_MS) + 1) * WINDOW_MS;
  return Math.max(Math.min(full, Math.floor(now_ms)), Math.floor(at_ms) + 1_000);
}

/** What follows on `until_ms`, or null while too little of it can exist. */
export function windowAfter(until_ms: number, now_ms: number): Stretch | null {
  if (now_ms - until_ms < LEAST_MS) return null;
  return windowFrom(until_ms, now_ms);
}

/** Is it time to prepare what comes next? */
export function isNearEnd(until_ms: number, at_ms: number, speed: number): boolean {
  return (until_ms - at_ms) / Math.max(0.1, speed) < LEAD_MS;
}
