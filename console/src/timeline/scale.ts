/** The part of wall time that the strip shows, and how it moves. Pure: pixels and milliseconds in, the same out. */

export interface View {
  from_ms: number;
  span_ms: number;
}

export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;
export const SHORTEST_MS = MINUTE;
export const LONGEST_MS = 30 * DAY;
/** So much of the future may be seen, as a share of the span: the edge of now is then never at the rim. */
const FUTURE_SHARE = 0.1;

export const xOf = (view: View, width: number, at_ms: number): number =>
  ((at_ms - view.from_ms) / view.span_ms) * width;

export const timeAt = (view: View, width: number, x: number): number =>
  view.from_ms + (x / Math.max(1, width)) * view.span_ms;

const clampSpan = (span_ms: number) => Math.min(LONGEST_MS, Math.max(SHORTEST_MS, span_ms));

/** Never further into the future than a little. */
export function keepBefore(view: View, now_ms: number): View {
  const latest = now_ms + view.span_ms * FUTURE_SHARE - view.span_ms;
  return view.from_ms > latest ? { ...view, from_ms: latest } : view;
}

/** Grows or shrinks the span by `factor`; the instant `at_ms` stays under the pointer. */
export function zoomAt(view: View, at_ms: number, factor: number): View {
  const span_ms = clampSpan(view.span_ms * factor);
  const share = (at_ms - view.from_ms) / view.span_ms;
  return { from_ms: at_ms - share * span_ms, span_ms };
}

export const panBy = (view: View, width: number, dx: number): View => ({
  ...view,
  from_ms: view.from_ms - (dx / Math.max(1, width)) * view.span_ms,
});

export const centred = (at_ms: number, span_ms: number): View => {
  const span = clampSpan(span_ms);
  return { from_ms: at_ms - span / 2, span_ms: span };
};

/** Turns the page when the head has left the view or is about to, so that it is always in sight while it runs. */
export function following(view: View, at_ms: number): View {
  const share = (at_ms - view.from_ms) / view.span_ms;
  if (share >= 0 && share <= 0.92) return view;
  return { ...view, from_ms: at_ms - view.span_ms * 0.15 };
}

/** The steps that `+` and `-` take. */
export const SPANS: readonly number[] = [
  MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  4 * HOUR,
  12 * HOUR,
  DAY,
  3 * DAY,
  7 * DAY,
  LONGEST_MS,
];

export function nextSpan(span_ms: number, direction: 1 | -1): number {
  const steps = direction === 1 ? SPANS : [...SPANS].reverse();
  const found = steps.find((step) => (direction === 1 ? step > span_ms * 1.01 : step < span_ms * 0.99));
  return found ?? steps[steps.length - 1] ?? span_ms;
}

/**
 * What to ask the gateway for: the view and half of it on both sides, on a grid of a quarter, so that panning asks
 * seldom. The answer's times are exact whatever its bins, so that an older answer is drawn in its right place.
 */
export function askFor(view: View): { from_ms: number; to_ms: number } {
  const grid = 2 ** Math.ceil(Math.log2(view.span_ms)) / 4;
  const from_ms = Math.floor((view.from_ms - view.span_ms / 2) / grid) * grid;
  const to_ms = Math.ceil((view.from_ms + view.span_ms * 1.5) / grid) * grid;
  return { from_ms: Math.max(0, from_ms), to_ms };
}
