/**
 * Ways through a scene: where something is at any moment, from a few waypoints. Pure arithmetic, no renderer.
 *
 * Ground coordinates and metres; times in seconds.
 */

/** Samples a second in the table behind a way. */
const RATE = 24;

/**
 * @param start time of departure; may be negative, for what is already under way when the picture begins
 * @param speed m/s
 * @param steps waypoints `[x, d]`, and between them `{stay: seconds, facing: [x, d]}` or `{speed}` for what follows
 * @param smooth seconds over which corners and starts are rounded
 */
export class Way {
  constructor({ start = 0, speed = 1.25, steps, smooth = 0.9, turn = 5 }) {
    const keys = keysOf(start, speed, steps);
    this.from = keys[0].t - smooth;
    this.until = keys.at(-1).t + smooth;
    const n = Math.ceil((this.until - this.from) * RATE) + 1;
    const raw = Array.from({ length: n }, (_, i) => positionAt(keys, this.from + i / RATE));
    const width = Math.max(1, Math.round((smooth * RATE) / 2));
    const places = averaged(averaged(raw, width), width);
    this.samples = sample(places, keys, this.from, turn);
  }

  /** `{place, heading, speed, distance}` at `time`; before and after, it stands at its first and last place. */
  at(time) {
    const i = Math.min(this.samples.length - 1, Math.max(0, (time - this.from) * RATE));
    const low = this.samples[Math.floor(i)];
    const high = this.samples[Math.ceil(i)];
    const t = i - Math.floor(i);
    const mix = (a, b) => a + (b - a) * t;
    const angle = mix(low.angle, high.angle);
    return {
      place: [mix(low.place[0], high.place[0]), mix(low.place[1], high.place[1])],
      heading: [Math.sin(angle), Math.cos(angle)],
      turning: (high.angle - low.angle) * RATE,
      speed: mix(low.speed, high.speed),
      distance: mix(low.distance, high.distance),
    };
  }
}

/** How long the waypoints take, seconds. */
export function durationOf(speed, steps) {
  const keys = keysOf(0, speed, steps);
  return keys.at(-1).t;
}

function keysOf(start, speed, steps) {
  const keys = [];
  let t = start;
  let pace = speed;
  for (const step of steps) {
    const last = keys.at(-1);
    if (Array.isArray(step)) {
      if (last) t += Math.hypot(step[0] - last.place[0], step[1] - last.place[1]) / pace;
      keys.push({ t, place: step });
    } else if (step.stay !== undefined) {
      t += step.stay;
      keys.push({ t, place: last.place, facing: step.facing });
    } else {
      pace = step.speed;
    }
  }
  return keys;
}

function positionAt(keys, t) {
  if (t <= keys[0].t) return keys[0].place;
  for (let i = 1; i < keys.length; i++) {
    if (t < keys[i].t) {
      const share = (t - keys[i - 1].t) / (keys[i].t - keys[i - 1].t);
      const [a, b] = [keys[i - 1].place, keys[i].place];
      return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share];
    }
  }
  return keys.at(-1).place;
}

function averaged(list, width) {
  return list.map((_, i) => {
    let [x, d, n] = [0, 0, 0];
    for (let k = i - width; k <= i + width; k++) {
      const p = list[Math.min(list.length - 1, Math.max(0, k))];
      x += p[0];
      d += p[1];
      n++;
    }
    return [x / n, d / n];
  });
}

function sample(places, keys, from, turn) {
  let distance = 0;
  let angle = null;
  return places.map((place, i) => {
    const before = places[Math.max(0, i - 1)];
    const after = places[Math.min(places.length - 1, i + 1)];
    const moved = Math.hypot(after[0] - before[0], after[1] - before[1]);
    const speed = (moved / (Math.min(places.length - 1, i + 1) - Math.max(0, i - 1))) * RATE;
    distance += Math.hypot(place[0] - before[0], place[1] - before[1]);
    const wanted = wantedAngle(places, i, keys, from + i / RATE, speed);
    if (angle === null) angle = wanted ?? 0;
    if (wanted !== null) {
      const off = Math.atan2(Math.sin(wanted - angle), Math.cos(wanted - angle));
      angle += Math.max(-turn / RATE, Math.min(turn / RATE, off * 0.25));
    }
    return { place, speed, distance, angle };
  });
}

function wantedAngle(places, i, keys, t, speed) {
  if (speed > 0.12) {
    const ahead = places[Math.min(places.length - 1, i + 3)];
    const behind = places[Math.max(0, i - 3)];
    return Math.atan2(ahead[0] - behind[0], ahead[1] - behind[1]);
  }
  const staying = keys.find((key) => key.t >= t);
  if (staying?.facing) return Math.atan2(staying.facing[0] - places[i][0], staying.facing[1] - places[i][1]);
  if (i > 0) return null;
  const first = places.find((p) => Math.hypot(p[0] - places[0][0], p[1] - places[0][1]) > 0.3);
  return first ? Math.atan2(first[0] - places[0][0], first[1] - places[0][1]) : null;
}
