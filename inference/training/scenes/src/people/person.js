/** A person in the scene: one labelled figure, and an umbrella that hides things but is nobody. */
import { Matrix4 } from "three";
import { CLASS } from "../classes.js";
import { Figure } from "../figure.js";
import { rootAt } from "../ground.js";
import { bodyOf } from "./body.js";
import * as postures from "./postures.js";
import { bonesOf, skeletonOf } from "./skeleton.js";
import { dressed } from "./wardrobe.js";

export class Person {
  cls = CLASS.PERSON;

  /** @param random decides looks and manners; `options` as for `dressed`, and `hasFreeHands`: for what the scene gives it to carry */
  constructor(random, options = {}) {
    this.look = dressed(random, options);
    if (options.hasFreeHands) this.look.bag = null;
    this.skeleton = skeletonOf(this.look.height, this.look.build, this.look.youth);
    const { shape, umbrella } = bodyOf(this.look, this.skeleton);
    this.figure = new Figure(shape);
    this.extras = umbrella ? [new Figure(umbrella)] : [];
    const arms = this.look.umbrella
      ? "umbrella"
      : options.hasFreeHands
        ? "hang"
        : random.weighted({
            hang: 8,
            crossed: 1,
            akimbo: 1,
            behind: 1.2,
            calling: 0.8,
            reading: 1,
            holding: 0.7,
            pointing: options.wild ? 0.4 : 0.1,
            waving: options.wild ? 0.4 : 0,
          });
    this.manner = {
      arms,
      mood: random.next(),
      armSwing: random.range(0.6, 1.3),
      stoop: this.look.stoop,
      stride: this.look.bottom === "skirt" || this.look.top === "coat" ? 0.85 : 1,
    };
    this.walkingManner = {
      ...this.manner,
      arms: ["calling", "reading", "umbrella", "holding"].includes(arms) ? arms : "hang",
    };
  }

  /** Takes a posture at a ground point; `floor` metres above the ground. */
  #take(posture, place, heading, floor = 0) {
    this.ground = { place, heading, doing: "upright" };
    this.#set(bonesOf(this.skeleton, posture, rootAt(place, heading, floor)));
  }

  #set(bones, floor) {
    this.bones = bones;
    this.figure.bend(bones, floor);
    for (const extra of this.extras) extra.bend(bones);
  }

  /** `distance` metres walked so far at `speed` m/s; `time` in seconds. */
  walk(place, heading, { distance, speed, time = 0, floor = 0 }) {
    const phase = distance / postures.cycleLength(this.look.height, Math.max(speed, 0.6)) + this.manner.mood;
    this.#take(
      postures.walking(this.skeleton, phase, speed, speed > 0.15 ? this.walkingManner : this.manner, time),
      place,
      heading,
      floor,
    );
  }

  /**
   * Walks or stands as `walk` does, and is `share` (0..1) of the way into another posture.
   * @param into `{pose, share, way, seat}`: `pose` is `'bending'`, `'crouching'`, `'sitting'` or `'lying'`
   */
  walkInto(place, heading, motion, { pose, share, way = "left", seat = 0.45 }) {
    const { distance, speed, time = 0, floor = 0 } = motion;
    if (share <= 0) return this.walk(place, heading, motion);
    const phase = distance / postures.cycleLength(this.look.height, Math.max(speed, 0.6)) + this.manner.mood;
    const from = postures.walking(this.skeleton, phase, speed, speed > 0.15 ? this.walkingManner : this.manner, time);
    const to = {
      bending: () => postures.bending(this.skeleton, time, 1, this.manner),
      crouching: () => postures.crouching(this.skeleton, time, this.manner),
      sitting: () => postures.sitting(this.skeleton, time, seat, this.manner),
      lying: () => (way === "ahead" ? postures.prone : postures.lying)(this.skeleton, this.manner.mood),
    }[pose]();
    if (pose !== "lying") {
      this.#take(postures.blended(from, to, share), place, heading, floor);
      this.ground.doing = share > 0.5 ? pose : "upright";
      return;
    }
    const posture = postures.blended(from, to, Math.min(1, share * 1.8));
    this.#set(bonesOf(this.skeleton, posture, tipped(place, heading, share, way)), floor);
    this.ground = { place, heading, doing: share > 0.97 ? "lying" : "falling" };
  }

  stand(place, heading, time, floor = 0) {
    this.#take(postures.standing(this.skeleton, time, this.manner), place, heading, floor);
  }

  /** On a seat that is `seat` metres high. */
  sit(place, heading, time, seat = 0.45, floor = 0) {
    this.#take(postures.sitting(this.skeleton, time, seat, this.manner), place, heading, floor);
  }

  crouch(place, heading, time, floor = 0) {
    this.#take(postures.crouching(this.skeleton, time, this.manner), place, heading, floor);
  }

  bendDown(place, heading, time, depth = 1, floor = 0) {
    this.#take(postures.bending(this.skeleton, time, depth, this.manner), place, heading, floor);
  }

  /** Only head and shoulders above the water, whose surface is at `level`. */
  swim(place, heading, time, level = 0) {
    const depth =
      this.skeleton.shoulder[1] - 0.07 * this.look.height - 0.08 * Math.sin(time * 2 + this.manner.mood * 9);
    this.#take(postures.swimming(this.skeleton, time, this.manner.mood), place, heading, level - depth);
  }

  /** In water up to `depth` metres. */
  wade(place, heading, options, depth) {
    this.walk(place, heading, { ...options, floor: -depth });
  }

  /**
   * Lying, or on the way there.
   * @param progress 0 standing to 1 lying
   * @param way `'ahead'`, `'back'`, `'left'` or `'right'`; `isFlat`: ahead, with nothing under the body
   */
  lie(place, heading, { progress = 1, way = "left", floor = 0, isFlat = false } = {}) {
    const limbs = isFlat && way === "ahead" ? postures.prone : postures.lying;
    const posture = limbs(this.skeleton, this.manner.mood * Math.min(1, progress * 1.5));
    this.#set(bonesOf(this.skeleton, posture, tipped(place, heading, progress, way)), floor);
    this.ground = { place, heading, doing: progress > 0.97 ? "lying" : "falling" };
  }

  /** On the saddle of `vehicle`, which must have been placed already. */
  ride(vehicle, time) {
    this.ground = { ...vehicle.ground, doing: "riding" };
    this.#set(
      bonesOf(
        this.skeleton,
        postures.riding(this.skeleton, time, vehicle.mount, vehicle.pedalAngle ?? 0, this.manner.mood),
        vehicle.root,
      ),
    );
  }

  /** Behind the rider of `vehicle`. */
  ridePillion(vehicle, time) {
    this.ground = { ...vehicle.ground, doing: "riding" };
    const { seat, pegs } = vehicle.mount;
    const mount = {
      seat: [seat[0] + 0.05, seat[1] - 0.38],
      bars: [0.15, seat[0] + 0.22, seat[1] - 0.08],
      pegs: [pegs[0], pegs[1] + 0.05, seat[1] - 0.15],
      lean: 0.05,
    };
    this.#set(bonesOf(this.skeleton, postures.riding(this.skeleton, time, mount, 0, this.manner.mood), vehicle.root));
  }

  get figures() {
    return [this.figure, ...this.extras];
  }
}

/** Root of a body that has fallen over its feet, `progress` 0 standing to 1 lying. */
function tipped(place, heading, progress, way) {
  const angle = (Math.PI / 2) * progress * progress * (way === "back" || way === "left" ? -1 : 1);
  const tilt =
    way === "ahead" || way === "back" ? new Matrix4().makeRotationX(angle) : new Matrix4().makeRotationZ(angle);
  return rootAt(place, heading, 0).multiply(tilt);
}
