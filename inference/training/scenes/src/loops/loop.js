/**
 * What the loops are made of: a world with a fixed camera, and people and vehicles on their ways.
 */

import { Animal } from "../animals.js";
import { cameraOf, projected } from "../camera.js";
import { at, isInside } from "../ground.js";
import { durationOf, Way } from "../motion.js";
import { Person } from "../people/person.js";
import { Random } from "../random.js";
import { World } from "../world.js";
import { FPS } from "./timing.js";

export class Loop {
  /**
   * @param plan `name`, `title` (of the camera), `place` as in site files, `seconds`, `view` of the camera,
   *   `clock`: time burnt into the first picture; `fps` if not that of all loops
   */
  constructor(plan, { width, height }) {
    this.fps = FPS;
    Object.assign(this, plan);
    this.random = new Random(plan.name, plan.seed);
    this.world = new World();
    this.camera = cameraOf(plan.view, width, height);
    this.zones = [];
    this.lines = [];
    this.rules = [];
    /** Height of the ground, metres, where it is not flat. */
    this.floorAt = () => 0;
    /** What the camera's settings become with time, such as its exposure when a cloud passes. */
    this.sensorAt = () => ({});
  }

  /** A zone drawn on the ground, `level` metres high. */
  zone(id, name, polygon, level = 0) {
    this.zones.push({ id, name, ground: polygon, polygon: onPicture(this.camera, polygon, level) });
    return polygon;
  }

  /** @param wanted `[{begin, end}]` in seconds, what the rule must find in this loop */
  rule(rule, wanted, description) {
    this.rules.push({ ...rule, wanted, description });
  }

  person(options = {}) {
    return this.world.add(new Person(this.random.fork("person"), { child: false, ...options }));
  }

  /** A person on a way; `busy`: `[from, to]` seconds bent over something. */
  walker(way, { busy, ...options } = {}) {
    const person = this.person(options);
    const path = new Way(way);
    this.world.animate((time) => {
      const now = path.at(time);
      const floor = this.floorAt(now.place);
      const depth = busy ? ramp(time, busy[0], busy[0] + 0.9) * ramp(-time, -busy[1] - 0.9, -busy[1]) : 0;
      if (depth > 0.01 && now.speed < 0.2) person.bendDown(now.place, now.heading, time, depth * 0.9, floor);
      else person.walk(now.place, now.heading, { ...now, time, floor });
    });
    return person;
  }

  /**
   * People who come together: all cross into `zone` about `enter` and out of it about `leave` (seconds).
   * @param members `[{from, spot, to}]` ground points
   */
  gathering(zone, members, { enter, leave, facing, spread = 0.7, options = {} }) {
    members.forEach(({ from, spot, to }, i) => {
      const speed = this.random.range(1.15, 1.35);
      const wobble = spread * ((i / Math.max(1, members.length - 1)) * 2 - 1) * 0.8;
      const inbound = crossing(zone, from, spot) / speed;
      const outbound = crossing(zone, to, spot);
      const start = enter + wobble - inbound;
      const arrive = start + distance(from, spot) / speed;
      const depart = leave - wobble - (distance(spot, to) - outbound) / speed;
      this.walker(
        {
          start,
          speed,
          steps: [from, spot, { stay: Math.max(0.5, depart - arrive), facing: jittered(facing, this.random) }, to],
        },
        options,
      );
    });
  }

  /** A vehicle on a way, with who rides it. */
  driver(vehicle, way, { rider, pillion } = {}) {
    this.world.add(vehicle);
    const people = [rider, pillion].map((options) => options && this.person({ rider: true, ...options }));
    const path = new Way({ smooth: 1.8, turn: 2.2, ...way });
    this.world.animate((time) => {
      const now = path.at(time);
      const steer = Math.max(-0.5, Math.min(0.5, (-now.turning * 2.2) / Math.max(2, now.speed)));
      const lean = vehicle.wheels.length === 2 ? Math.max(-0.25, Math.min(0.25, (-now.turning * now.speed) / 9.8)) : 0;
      vehicle.drive(now.place, now.heading, { distance: now.distance, steer, lean });
      people[0]?.ride(vehicle, time);
      people[1]?.ridePillion(vehicle, time);
    });
    return vehicle;
  }

  /** A vehicle that nobody moves. */
  parked(vehicle, place, heading, lean = 0) {
    this.world.add(vehicle);
    vehicle.drive(place, heading, { lean });
    return vehicle;
  }

  animal(kind, way) {
    const animal = this.world.add(new Animal(this.random.fork("animal"), kind));
    const path = new Way(way);
    this.world.animate((time) => {
      const now = path.at(time);
      animal.walk(now.place, now.heading, { ...now, time, floor: this.floorAt(now.place) });
    });
    return animal;
  }
}

const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
const ramp = (x, from, to) => Math.min(1, Math.max(0, (x - from) / (to - from)));
const jittered = ([x, d], random) => [x + random.range(-0.4, 0.4), d + random.range(-0.4, 0.4)];

/** Metres from `outside` to where the straight line to `inside` enters the polygon. */
function crossing(polygon, outside, inside) {
  const length = distance(outside, inside);
  const steps = 400;
  for (let i = 0; i <= steps; i++) {
    const t = i / steps;
    if (isInside(polygon, [outside[0] + (inside[0] - outside[0]) * t, outside[1] + (inside[1] - outside[1]) * t]))
      return t * length;
  }
  throw new Error(`the way from ${outside} to ${inside} never enters the zone`);
}

/** When someone on a straight way at `speed` who enters at `enter` must depart from `outside`. */
export const departure = (polygon, outside, inside, speed, enter) => enter - crossing(polygon, outside, inside) / speed;

/** How long `steps` take at `speed`. */
export const timeFor = durationOf;

/** A ground polygon in the picture, normalised, clipped to it, three digits. */
function onPicture(camera, polygon, level) {
  const points = polygon.map(([x, d]) => projected(camera, at(x, d, level)));
  if (points.some((p) => p === null)) throw new Error("a zone reaches behind the camera");
  let clipped = points;
  for (const [axis, limit, side] of [
    [0, 0, 1],
    [0, 1, -1],
    [1, 0, 1],
    [1, 1, -1],
  ]) {
    const isIn = (p) => (p[axis] - limit) * side >= 0;
    clipped = clipped.flatMap((p, i) => {
      const q = clipped[(i + 1) % clipped.length];
      const t = (limit - p[axis]) / (q[axis] - p[axis]);
      const cut = [p[0] + (q[0] - p[0]) * t, p[1] + (q[1] - p[1]) * t];
      if (isIn(p)) return isIn(q) ? [p] : [p, cut];
      return isIn(q) ? [cut] : [];
    });
  }
  return clipped.map((p) => p.map((v) => Math.round(Math.min(1, Math.max(0, v)) * 1000) / 1000));
}
