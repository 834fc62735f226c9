/**
 * What the clips of the evaluation are made of, beside what loops have: vehicles that brake, collide and topple, people
 * who fall, sit, crouch and carry things, lines, and the rules with their usual settings.
 */
import { projected } from "../camera.js";
import { CLASS } from "../classes.js";
import { Course } from "../course.js";
import { at } from "../ground.js";
import { Loop } from "../loops/loop.js";
import { Way } from "../motion.js";
import { Luggage } from "../props/luggage.js";

/** Frames a second of all clips: what sub-streams have, and a fifth less to render than the loops. */
export const FPS = 10;

const HEAVY = [CLASS.CAR, CLASS.BUS, CLASS.TRUCK];
const TRAFFIC = [CLASS.TWO_WHEELER, CLASS.TRICYCLE, ...HEAVY];

/** Rules as a technician would set them up, with times short enough for clips; a clip changes what its place needs. */
const RULES = {
  crowd_surge: { id: "surge", grows_by: 6, within: 8, hold: 1, clear: 6, level: "red" },
  crowding: { id: "crowd", limit: 5, hold: 3, clear: 4, level: "yellow" },
  intrusion: { id: "keep-out", limit: 1, classes: [CLASS.PERSON], hold: 2, clear: 4, level: "orange" },
  water_edge: { id: "at-the-water", limit: 1, classes: [CLASS.PERSON], hold: 2, clear: 4, level: "red" },
  line_crossing: { id: "over-the-line", direction: "forward", classes: TRAFFIC, clear: 2, level: "blue" },
  wrong_way: { id: "wrong-way", classes: TRAFFIC, hold: 1, clear: 3, level: "yellow" },
  loitering: { id: "hanging-about", stay: 25, classes: [CLASS.PERSON], hold: 1, clear: 5, level: "yellow" },
  stopped_vehicle: { id: "stopped", stay: 15, classes: HEAVY, hold: 1, clear: 4, level: "yellow" },
  accident: { id: "accident", hold: 1, clear: 6, level: "red" },
  person_down: { id: "down", still: 5, hold: 1, clear: 4, level: "orange" },
  left_object: { id: "left", stay: 15, hold: 1, clear: 4, level: "orange" },
  running: { id: "running", at_least: 3, classes: [CLASS.PERSON], hold: 1, clear: 4, level: "orange" },
};

const smooth = (u) => u * u * (3 - 2 * u);
const ramp = (x, from, to) => (x <= from ? 0 : Math.min(1, (x - from) / (to - from)));
const along = (a, b, t) => a.map((v, i) => v + (b[i] - v) * t);

export class Clip extends Loop {
  constructor(plan, size) {
    super({ fps: FPS, calm: { calmStart: 2, calmEnd: 0 }, ...plan }, size);
  }

  /** A line between two ground points. */
  line(id, name, a, b) {
    const points = [a, b].map(([x, d]) => projected(this.camera, at(x, d)).map((v) => Math.round(v * 1000) / 1000));
    this.lines.push({ id, name, ground: [a, b], points });
  }

  /** A rule of that kind with its usual settings; see Loop.rule. */
  watch(kind, settings, wanted = [], description = "") {
    this.rule({ kind, ...RULES[kind], ...settings }, wanted, description);
  }

  /** `watch` of wrong_way: traffic may go `along` (ground direction) at `spot`. */
  oneWay(zone, spot, direction, wanted = [], description = "") {
    const length = Math.hypot(...direction);
    const unit = direction.map((v) => v / length);
    const [from, to] = [spot, [spot[0] + unit[0], spot[1] + unit[1]]].map(([x, d]) => projected(this.camera, at(x, d)));
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    const heading = [dx, dy].map((v) => Math.round((v / Math.hypot(dx, dy)) * 1000) / 1000);
    this.watch("wrong_way", { zone, along: unit, heading }, wanted, description);
  }

  /**
   * A vehicle on a course.
   * @param course see Course
   * @param options `rider`, `pillion`: who sits on it; `falls: {time, seconds, side}`: a two-wheeler on its side (+1 left);
   *   `thrown: [{time, seconds, to, way, facing}]`: where rider and pillion come to lie
   */
  drive(vehicle, course, { rider, pillion, falls, thrown = [] } = {}) {
    this.world.add(vehicle);
    const people = [rider, pillion].map((options) => options && this.person({ rider: true, ...options }));
    const path = new Course(course);
    const isBike = vehicle.wheels.length === 2;
    this.world.animate((time) => {
      const now = path.at(time);
      const steer = Math.max(-0.5, Math.min(0.5, (-now.turning * 2.2) / Math.max(2, now.speed)));
      const lean = isBike ? Math.max(-0.25, Math.min(0.25, (-now.turning * now.speed) / 9.8)) : 0;
      const fallen = falls ? ramp(time, falls.time, falls.time + falls.seconds) ** 1.5 : 0;
      const lies = fallen * (falls?.side ?? 1) * 1.42;
      vehicle.drive(now.place, now.heading, { distance: now.distance, steer, lean: lean * (1 - fallen) + lies });
      people.forEach((person, i) => {
        const flight = thrown[i];
        if (!person) return;
        if (flight && time >= flight.time) fly(person, path.at(flight.time), flight, time);
        else if (i === 0) person.ride(vehicle, time);
        else person.ridePillion(vehicle, time);
      });
    });
    return vehicle;
  }

  /** The same for a car and other things that nobody is seen in. */
  traffic(vehicle, path, speed, through, options) {
    return this.drive(vehicle, { path, pace: [[0, speed]], through }, options);
  }

  /**
   * Someone on foot who does things on the way.
   * @param way see Way
   * @param acts `[{pose, from, to, rise, fade, way, shift}]`: in `pose` (see Person.walkInto) between the seconds `from`
   *   and `to`; `fade` seconds to get into it and `rise` out of it; `shift`: metres moved meanwhile
   * @param carries `{luggage, side, putDown, pickUp}`: seconds
   */
  performer(way, { acts = [], carries, ...options } = {}) {
    const person = this.person({ child: false, hasFreeHands: carries !== undefined, ...options });
    const path = new Way(way);
    const move = (time) => {
      const now = path.at(time);
      const floor = this.floorAt(now.place);
      const act = acts.find(({ from, to, rise = 1 }) => time >= from && time < (to ?? Infinity) + rise);
      const motion = { ...now, time, floor };
      if (!act) return person.walk(now.place, now.heading, motion);
      const { from, to = Infinity, fade = 1, rise = 1, shift = [0, 0] } = act;
      const into = ramp(time, from, from + fade);
      const share = act.pose === "lying" ? into : smooth(into) * (1 - smooth(ramp(time, to, to + rise)));
      const back = act.pose === "lying" ? 1 - ramp(time, to, to + rise) : 1;
      const place = [now.place[0] + shift[0] * share * back, now.place[1] + shift[1] * share * back];
      return person.walkInto(place, now.heading, motion, { ...act, share: share * back });
    };
    if (carries) this.#carry(person, move, carries);
    else this.world.animate(move);
    return person;
  }

  #carry(person, move, { luggage, side = 1, putDown = Infinity, pickUp = Infinity }) {
    const thing = this.world.add(new Luggage(this.random.fork("luggage"), luggage));
    let spot = null;
    if (putDown < Infinity) {
      move(putDown);
      spot = thing.spotUnder(person, side);
    }
    this.world.animate((time) => {
      move(time);
      if (time >= putDown && time < pickUp) thing.stand(spot);
      else thing.hang(person, side);
    });
    return thing;
  }

  /** People who come near after something has happened, and stay. */
  onlookers(time, spots, facing) {
    spots.forEach(({ from, spot, after = 0, pose }, i) => {
      const speed = this.random.range(1.3, 1.9);
      const length = Math.hypot(spot[0] - from[0], spot[1] - from[1]);
      const arrives = time + after + length / speed;
      this.performer(
        { start: time + after, speed, steps: [from, spot, { stay: 90, facing }] },
        { acts: pose ? [{ pose, from: arrives + 0.6 + 0.2 * i, fade: 0.9 }] : [] },
      );
    });
  }

  /** Someone who only passes by. */
  passer(from, to, start, speed = this.random.range(1.1, 1.4)) {
    return this.walker({ start, speed, steps: [from, to] });
  }
}

/** Off the saddle, through the air, and on the ground. */
function fly(person, from, { time: begin, seconds, to, way = "ahead", facing }, time) {
  const u = ramp(time, begin, begin + seconds);
  const place = along(from.place, to, 1 - (1 - u) ** 1.5);
  const heading = facing ?? from.heading;
  person.lie(place, heading, { progress: 0.45 + 0.55 * u, way, floor: 0.55 * (1 - u) * (1 + u), isFlat: true });
}
