/**
 * What the gateway should find in a loop: rules applied to exact boxes, by the definitions of gateway/domain.
 * Pure functions, no renderer.
 */

/** A condition may fail for this long, or for one frame, without beginning anew (rule.rs: DROPOUT), seconds. */
const DROPOUT_S = 1;

/** Bottom centre of a box `{left, top, width, height}`, all normalised. */
export const footOf = (box) => [box.left + box.width / 2, Math.min(1, box.top + box.height)];

/** Even-odd rule; the picture's own border counts as inside (geometry.rs: Polygon::contains). */
export function contains(polygon, [x, y]) {
  const inward = (v) => Math.min(1 - 1e-4, Math.max(1e-4, v));
  const [px, py] = [inward(x), inward(y)];
  let inside = false;
  let previous = polygon.at(-1);
  for (const corner of polygon) {
    if (corner[1] > py !== previous[1] > py) {
      const t = (py - corner[1]) / (previous[1] - corner[1]);
      if (px < corner[0] + t * (previous[0] - corner[0])) inside = !inside;
    }
    previous = corner;
  }
  return inside;
}

/** How many things of the rule's classes are in its zone in each frame; frames are lists of `{cls, box}`. */
export const countsOf = (rule, polygon, frames) =>
  frames.map(
    (things) => things.filter(({ cls, box }) => rule.classes.includes(cls) && contains(polygon, footOf(box))).length,
  );

/**
 * Spans in which a rule's condition holds for its hold time.
 * @param rule `{limit, hold, clear}`: count, seconds, seconds
 * @param counts of every frame, see countsOf
 * @returns `[{begin, end, peak}]`: seconds of the first and last frame in which it held
 */
export function spansOf({ limit, hold, clear }, counts, fps) {
  const spans = [];
  let open = null;
  counts.forEach((count, frame) => {
    const time = frame / fps;
    if (count >= limit) {
      open ??= { begin: time, end: time, peak: 0, isRaised: false };
      open.end = time;
      open.peak = Math.max(open.peak, count);
      if (time - open.begin >= hold) open.isRaised = true;
    } else if (open && !open.isRaised && time - open.end > Math.max(DROPOUT_S, 1 / fps)) {
      open = null;
    } else if (open?.isRaised && time - open.end >= clear) {
      spans.push(open);
      open = null;
    }
  });
  if (open?.isRaised) spans.push(open);
  return spans.map(({ begin, end, peak }) => ({ begin, end, peak }));
}

/**
 * Compares with what a loop intends.
 * @param wanted `[{begin, end}]` seconds
 * @param within seconds
 * @returns complaints, none if all is well
 */
export function differences(name, spans, wanted, within = 2.5) {
  if (spans.length !== wanted.length)
    return [`${name}: ${spans.length} events instead of ${wanted.length}: ${JSON.stringify(spans)}`];
  return wanted.flatMap((want, i) =>
    ["begin", "end"]
      .filter((edge) => Math.abs(spans[i][edge] - want[edge]) > within)
      .map(
        (edge) =>
          `${name}: event ${i + 1} has its ${edge} at ${spans[i][edge].toFixed(2)} s instead of about ${want[edge]} s`,
      ),
  );
}

/**
 * Complaints about a rule's margins: counts near the limit for longer than `transition` seconds at a stretch, or a
 * condition that is true where the loop must be calm.
 * @param margin how far from the limit counts must be, either way
 */
export function unclear(name, { limit }, counts, fps, { margin, transition = 2.5, calmStart = 4, calmEnd = 6 }) {
  const complaints = [];
  let near = 0;
  counts.forEach((count, frame) => {
    const isNear = count > limit - margin && count < limit + margin;
    near = isNear ? near + 1 : 0;
    if (near === Math.ceil(transition * fps))
      complaints.push(
        `${name}: count stays at ${count}, near the limit ${limit}, around ${(frame / fps).toFixed(1)} s`,
      );
    const time = frame / fps;
    if (count >= limit && (time < calmStart || time > counts.length / fps - calmEnd))
      complaints.push(`${name}: not calm at ${time.toFixed(2)} s`);
  });
  return complaints.slice(0, 3);
}
