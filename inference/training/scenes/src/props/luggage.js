/** What people carry and put down: labelled only while nobody holds it. */
import { Matrix4 } from "three";
import { CLASS } from "../classes.js";
import { grey, hex } from "../colour.js";
import { Figure } from "../figure.js";
import { rootAt } from "../ground.js";
import { BONE, sign } from "../people/skeleton.js";
import { paint, ringY, Shape } from "../shape.js";

const LOOKS = {
  bag: [0x20242c, 0x7a2f2c, 0x2f4a6a],
  suitcase: [0x1c1e24, 0x3f5f8a, 0xa03a30],
  carton: [0xa8824e, 0x9a7444],
  sack: [0xd8d4c8, 0xb8a888],
};
/** Width, height, depth, metres. */
const SIZES = {
  bag: [0.5, 0.34, 0.28],
  suitcase: [0.42, 0.6, 0.26],
  carton: [0.5, 0.38, 0.4],
  sack: [0.44, 0.62, 0.36],
};

export const LUGGAGE_KINDS = Object.keys(LOOKS);

export class Luggage {
  cls = CLASS.OTHER;
  holder = null;

  /** @param kind one of LUGGAGE_KINDS */
  constructor(random, kind) {
    this.size = SIZES[kind];
    const [width, height, depth] = this.size;
    const shape = new Shape();
    const look = paint(hex(random.pick(LOOKS[kind])), { gloss: kind === "suitcase" ? 0.25 : 0.02 });
    if (kind === "sack" || kind === "bag") {
      const ring = (y, share) =>
        ringY(y, (width / 2) * share, (depth / 2) * share, { square: kind === "bag" ? 0.7 : 0.2 });
      shape.loft(
        [ring(0, 0.8), ring(height * 0.15, 1), ring(height * 0.7, 0.95), ring(height * 0.95, 0.5), ring(height, 0.2)],
        {
          segments: 12,
          paint: look,
        },
      );
    } else {
      shape.box([0, 0, 0], this.size, { paint: look });
      if (kind === "carton") shape.box([0, height, 0], [0.08, 0.005, depth], { paint: paint(hex(0xc8b48a)) });
    }
    if (kind !== "carton")
      for (const side of [1, -1])
        shape.tube([side * 0.1, height * 0.9, 0], [side * 0.06, height + 0.14, 0], 0.015, 0.015, {
          paint: paint(grey(0.1)),
        });
    this.figure = new Figure(shape);
    this.figures = [this.figure];
  }

  /** Hangs from a hand of `person`, who must have taken a posture already; never below the ground. */
  hang(person, side) {
    this.#belongTo(person);
    const spot = this.#under(person, side);
    this.#put(spot.place, person.ground.heading, spot.height);
  }

  /** Stands where `person` let it go. */
  stand(spot) {
    this.#belongTo(null);
    this.#put(spot.place, spot.heading, 0);
  }

  /** Where it would stand if `person` let it go now. */
  spotUnder(person, side) {
    return { place: this.#under(person, side).place, heading: person.ground.heading };
  }

  #under(person, side) {
    const { shoulder, upperArm, foreArm } = person.skeleton;
    const hand = new Matrix4()
      .copy(person.bones[BONE.BAG[side]])
      .multiply(new Matrix4().makeTranslation(sign(side) * shoulder[0], shoulder[1] - upperArm - foreArm, 0));
    const [x, y, z] = hand.elements.slice(12, 15);
    return { place: [x, -z], height: Math.max(0, y - this.size[1] - 0.1) };
  }

  #belongTo(person) {
    this.holder = person;
    this.figure.mesh.userData.id = person ? person.id : this.id;
  }

  #put(place, heading, height) {
    this.ground = { place, heading, doing: this.holder ? "carried" : "standing" };
    this.figure.bend([rootAt(place, heading, height)]);
  }
}
