/**
 * What happens in a scene, from where things truly are and what they do, not from their boxes: the truth of the rules
 * that follow things over time. Pure functions, no renderer.
 *
 * A frame is a list of `{id, cls, place, heading, doing, holder, length, width}` in ground coordinates and metres;
 * `doing` is what the thing's mover said (`upright`, `bending`, `crouching`, `sitting`, `falling`, `lying`, `riding`,
 * `driving`, `carried`, `standing`).
 */
import { CLASS } from "./classes.js";
import { isInside } from "./ground.js";

/** Slower than this is standing, m/s. */
const STANDS = 0.3;
/** Faster than this a vehicle drives, so that its direction means something, m/s. */
const DRIVES = 1;
/** Faster than this a person runs, m/s. */
const RUNS = 2.5;
/** A collision stops both within this time, seconds. */
const HALTS_WITHIN = 5;
/** Someone has left a thing when further away from it than this, metres. */
const LEFT_BY = 2.5;
/** Half the width of a person, metres. */
const SHOULDER = 0.25;
/** A state may pause for this long and go on, seconds. */
const PAUSE = 1;

const VEHICLES = [CLASS.TWO_WHEELER, CLASS.TRICYCLE, CLASS.CAR, CLASS.BUS, CLASS.TRUCK];
const isVehicle = ({ cls }) => VEHICLES.includes(cls);
const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);

/**
 * Spans of a rule in a scene.
 * @param rule `{kind, zone, line, classes, ...}` with the rule's own keys in seconds and counts
 * @param scene `{zones, lines}`: ground polygons and `[a, b]` by id
 * @returns `[{begin, end, peak}]` in seconds, in the order of their beginnings
 */
export function happeningsOf(rule, scene, frames, fps) {
  if (!(rule.kind in KINDS)) throw new Error(`nobody knows what truly happens at ${rule.kind}`);
  const found = KINDS[rule.kind]({ rule, zone: scene.zones[rule.zone], line: scene.lines[rule.line], frames, fps });
  return merged(found, rule.clear);
}

/** A rule has one alarm at a time: what overlaps, or begins before the former is over for `clear` seconds, is one. */
function merged(spans, clear) {
  const result = [];
  for (const { begin, end, peak = 1 } of spans.sort((a, b) => a.begin - b.begin)) {
    const last = result.at(-1);
    if (last && begin - last.end < clear) {
      last.peak = begin <= last.end ? last.peak + peak : Math.max(last.peak, peak);
      last.end = Math.max(last.end, end);
    } else result.push({ begin, end, peak });
  }
  return result;
}

const KINDS = {
  stopped_vehicle: (all) =>
    perThing(all, ({ cls }) => all.rule.classes.includes(cls)).flatMap((track) => {
      const first = track.findIndex((seen) => seen.speed > DRIVES);
      if (first < 0) return [];
      const isStopped = (seen, i) => i > first && seen.speed < STANDS && isInside(all.zone, seen.place);
      return lasting(track, isStopped, all.rule.stay);
    }),

  person_down: (all) =>
    perThing(all, isPerson).flatMap((track) =>
      lasting(track, ({ doing, place }) => doing === "lying" && isInside(all.zone, place), all.rule.still),
    ),

  loitering: (all) =>
    perThing(all, isPerson).flatMap((track) =>
      lasting(track, ({ doing, place }) => doing !== "riding" && isInside(all.zone, place), all.rule.stay),
    ),

  running: ({ rule, zone, frames, fps }) => {
    const counts = frames.map(() => 0);
    for (const track of perThing({ frames, fps }, isPerson))
      for (const { frame, doing, speed, place } of track)
        if (doing === "upright" && speed > RUNS && isInside(zone, place)) counts[frame]++;
    const seen = counts.map((count, frame) => ({ count, time: frame / fps }));
    return lasting(seen, ({ count }) => count >= rule.at_least, 1).map((span) => ({
      ...span,
      peak: Math.max(...span.seen.map(({ count }) => count)),
    }));
  },

  left_object: (all) =>
    perThing(all, ({ cls }) => cls === CLASS.OTHER).flatMap((track) => {
      const owner = track.find(({ holder }) => holder)?.holder;
      if (!owner) return [];
      return lasting(track, ({ holder, place }) => !holder && isInside(all.zone, place), all.rule.stay).filter(
        ({ seen }) =>
          seen.some(({ frame, place }) => {
            const at = all.frames[frame].find(({ id }) => id === owner);
            return !at || distance(at.place, place) > LEFT_BY;
          }),
      );
    }),

  line_crossing: (all) =>
    perThing(all, ({ cls }) => all.rule.classes.includes(cls)).flatMap((track) =>
      track.flatMap((seen, i) => {
        const way = i > 0 ? crossed(all.line, track[i - 1].place, seen.place) : null;
        const isMeant = way && (all.rule.direction === "both" || all.rule.direction === way);
        return isMeant ? [{ begin: seen.time, end: seen.time + 1 }] : [];
      }),
    ),

  wrong_way: (all) =>
    perThing(all, ({ cls }) => all.rule.classes.includes(cls)).flatMap((track) =>
      lasting(
        track,
        ({ place, speed, moved }) =>
          speed > DRIVES &&
          isInside(all.zone, place) &&
          (moved[0] * all.rule.along[0] + moved[1] * all.rule.along[1]) / Math.hypot(...moved) < -0.5,
        1,
      ),
    ),

  crowd_surge: ({ rule, zone, frames, fps }) => {
    const counts = frames.map((things) => things.filter((t) => isPerson(t) && isInside(zone, t.place)).length);
    const window = Math.round(rule.within * fps);
    const spans = [];
    let open = null;
    counts.forEach((count, i) => {
      const before = Math.min(...counts.slice(Math.max(0, i - window), i + 1));
      if (!open && count - before >= rule.grows_by)
        open = { begin: i / fps, limit: before + rule.grows_by, peak: count };
      if (!open) return;
      open.peak = Math.max(open.peak, count);
      if (count >= open.limit) open.end = i / fps;
      else {
        spans.push(open);
        open = null;
      }
    });
    return open ? [...spans, open] : spans;
  },

  accident: (all) => {
    const spans = [];
    const tracks = perThing(all, () => true);
    const byId = new Map(tracks.map((track) => [track[0].id, track]));
    const struck = new Set();
    all.frames.forEach((things, frame) => {
      for (const [a, b] of contacts(things)) {
        if (struck.has(a.id) || struck.has(b.id)) continue;
        const after = (id) => byId.get(id).filter((seen) => seen.frame >= frame);
        const came = [a, b].some(({ id }) => byId.get(id).some((s) => s.frame < frame && s.speed > DRIVES));
        const halted = [a, b].every(({ id }) =>
          after(id).some((seen) => seen.speed < STANDS && seen.time <= frame / all.fps + HALTS_WITHIN),
        );
        if (!came || !halted || !isInside(all.zone, a.place)) continue;
        struck.add(a.id).add(b.id);
        const rest = after(a.id).filter(({ place }) => isInside(all.zone, place));
        spans.push({ begin: frame / all.fps, end: rest.at(-1).time, peak: 2 });
      }
    });
    return spans;
  },
};

const isPerson = ({ cls }) => cls === CLASS.PERSON;

/** Everything that `isMeant`, as lists of `{frame, time, speed, moved, ...thing}`. */
function perThing({ frames, fps }, isMeant) {
  const tracks = new Map();
  frames.forEach((things, frame) => {
    for (const thing of things.filter(isMeant)) {
      if (!tracks.has(thing.id)) tracks.set(thing.id, []);
      const track = tracks.get(thing.id);
      const before = track.at(-1)?.place ?? thing.place;
      const moved = [thing.place[0] - before[0], thing.place[1] - before[1]];
      track.push({ ...thing, frame, time: frame / fps, moved, speed: Math.hypot(...moved) * fps });
    }
  });
  return [...tracks.values()];
}

/** Spans of at least `least` seconds in which `holds`, `[{begin, end, seen}]`. */
function lasting(track, holds, least) {
  const spans = [];
  track.forEach((seen, i) => {
    if (!holds(seen, i)) return;
    const last = spans.at(-1);
    if (last && seen.time - last.end <= PAUSE) {
      last.end = seen.time;
      last.seen.push(seen);
    } else spans.push({ begin: seen.time, end: seen.time, seen: [seen] });
  });
  return spans.filter(({ begin, end }) => end - begin >= least);
}

/** `'forward'` from the left of the line to its right, seen when walking from its first point to its second. */
function crossed([a, b], from, to) {
  const side = (p, q, r) => (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);
  const [before, after] = [side(a, b, from), side(a, b, to)];
  if (before > 0 === after > 0) return null;
  if (side(from, to, a) > 0 === side(from, to, b) > 0) return null;
  return before > 0 ? "forward" : "backward";
}

/** Pairs that touch: vehicles, and a vehicle with someone on foot. */
function contacts(things) {
  const vehicles = things.filter(isVehicle);
  const people = things.filter((t) => isPerson(t) && t.doing === "upright");
  const pairs = [];
  vehicles.forEach((a, i) => {
    for (const b of vehicles.slice(i + 1)) if (overlap(a, b)) pairs.push([a, b]);
    for (const b of people) if (overlap(a, { ...b, length: 2 * SHOULDER, width: 2 * SHOULDER })) pairs.push([a, b]);
  });
  return pairs;
}

/** Whether two outlines on the ground overlap (separating axes). */
export function overlap(a, b) {
  const [ca, cb] = [cornersOf(a), cornersOf(b)];
  for (const {
    heading: [x, d],
  } of [a, b]) {
    for (const axis of [
      [x, d],
      [-d, x],
    ]) {
      const along = (corners) => corners.map((c) => c[0] * axis[0] + c[1] * axis[1]);
      const [pa, pb] = [along(ca), along(cb)];
      if (Math.max(...pa) < Math.min(...pb) || Math.max(...pb) < Math.min(...pa)) return false;
    }
  }
  return true;
}

function cornersOf({ place, heading: [x, d], length, width }) {
  return [
    [1, 1],
    [1, -1],
    [-1, -1],
    [-1, 1],
  ].map(([l, w]) => [
    place[0] + (x * l * length) / 2 + (-d * w * width) / 2,
    place[1] + (d * l * length) / 2 + (x * w * width) / 2,
  ]);
}
