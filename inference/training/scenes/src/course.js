/**
 * How a vehicle drives: a path on the ground and a speed for every moment, so that it brakes, stops and is hit exactly
 * when a scene says. Pure arithmetic, no renderer. Metres, seconds.
 */

/** Metres between the points that a path is made of. */
const STEP = 0.1;

export class Course {
  /**
   * @param path waypoints `[x, d]`; corners are rounded, `radius` metres before and after them
   * @param pace `[[time, speed], ...]`, linear between and constant beyond
   * @param through `{place, time}`: on the path nearest to `place` at `time`
   * @param shoves what a blow does: `[{time, seconds, by: [x, d], turn}]`, radians to the right
   */
  constructor({ path, pace, through, radius = 5, shoves = [] }) {
    this.points = rounded(path, radius);
    this.pace = pace;
    this.shoves = shoves;
    this.offset = nearest(this.points, through.place) * STEP - travelled(pace, through.time);
  }

  /** `{place, heading, turning, speed, distance}` at `time`, as Way.at. */
  at(time) {
    const distance = this.offset + travelled(this.pace, time);
    const { place, angle } = this.#on(distance);
    const ahead = this.#on(distance + 0.25).angle;
    const speed = speedAt(this.pace, time);
    const hit = shoved(this.shoves, time);
    return {
      place: [place[0] + hit.by[0], place[1] + hit.by[1]],
      heading: [Math.sin(angle + hit.turn), Math.cos(angle + hit.turn)],
      turning: (Math.atan2(Math.sin(ahead - angle), Math.cos(ahead - angle)) / 0.25) * speed,
      speed,
      distance,
    };
  }

  /** Beyond its ends a path goes straight on. */
  #on(distance) {
    const last = this.points.length - 1;
    const i = distance / STEP;
    const low = Math.min(last - 1, Math.max(0, Math.floor(i)));
    const [a, b] = [this.points[low], this.points[low + 1]];
    const share = i - low;
    const behind = this.points[Math.max(0, low - 2)];
    const before = this.points[Math.min(last, low + 3)];
    return {
      place: [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share],
      angle: Math.atan2(before[0] - behind[0], before[1] - behind[1]),
    };
  }
}

const mix = (a, b, t) => [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t];

/** The path as points STEP apart, corners as quadratic curves. */
function rounded(path, radius) {
  const dense = [path[0]];
  path.slice(1, -1).forEach((corner, i) => {
    const [from, to] = [path[i], path[i + 2]];
    const reach = (p) => Math.min(0.5, radius / Math.hypot(p[0] - corner[0], p[1] - corner[1]));
    const [enter, leave] = [mix(corner, from, reach(from)), mix(corner, to, reach(to))];
    for (let k = 0; k <= 24; k++) dense.push(mix(mix(enter, corner, k / 24), mix(corner, leave, k / 24), k / 24));
  });
  dense.push(path.at(-1));
  const points = [];
  let left = 0;
  for (let i = 1; i < dense.length; i++) {
    const length = Math.hypot(dense[i][0] - dense[i - 1][0], dense[i][1] - dense[i - 1][1]);
    if (length === 0) continue;
    for (; left <= length; left += STEP) points.push(mix(dense[i - 1], dense[i], left / length));
    left -= length;
  }
  return points;
}

function nearest(points, place) {
  const off = points.map((p) => Math.hypot(p[0] - place[0], p[1] - place[1]));
  return off.indexOf(Math.min(...off));
}

function speedAt(pace, time) {
  if (time <= pace[0][0]) return pace[0][1];
  for (let i = 1; i < pace.length; i++) {
    const [t0, v0] = pace[i - 1];
    const [t1, v1] = pace[i];
    if (time < t1) return v0 + ((v1 - v0) * (time - t0)) / (t1 - t0);
  }
  return pace.at(-1)[1];
}

/** Metres since the first key of the pace; negative before it. */
function travelled(pace, time) {
  const [begin, first] = pace[0];
  if (time <= begin) return (time - begin) * first;
  let sum = 0;
  for (let i = 1; i < pace.length; i++) {
    const [t0, v0] = pace[i - 1];
    const [t1] = pace[i];
    const until = Math.min(time, t1);
    sum += ((v0 + speedAt(pace, until)) / 2) * (until - t0);
    if (time <= t1) return sum;
  }
  return sum + (time - pace.at(-1)[0]) * pace.at(-1)[1];
}

/** Where the blows have carried it: fast at first, then slower. */
function shoved(shoves, time) {
  const sum = { by: [0, 0], turn: 0 };
  for (const { time: begin, seconds, by, turn = 0 } of shoves) {
    const u = Math.min(1, Math.max(0, (time - begin) / seconds));
    const share = 1 - (1 - u) ** 2;
    sum.by[0] += by[0] * share;
    sum.by[1] += by[1] * share;
    sum.turn += turn * share;
  }
  return sum;
}
