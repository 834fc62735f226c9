/** What all vehicles share: a body bone, turning wheels, and a place on the ground. */
import { Matrix4 } from "three";
import { grey, hex, hsl, varied } from "../colour.js";
import { Figure } from "../figure.js";
import { rootAt } from "../ground.js";
import { paint } from "../shape.js";

/** Paints that many vehicles share. */
export const MATERIAL = {
  tyre: paint(grey(0.08)),
  rim: paint(grey(0.55), { gloss: 0.3 }),
  dark: paint(grey(0.06)),
  black: paint(grey(0.12), { gloss: 0.1 }),
  chrome: paint(grey(0.6), { gloss: 0.6 }),
  glass: paint(hex(0x1a2226), { gloss: 0.9 }),
  plate: paint(hex(0x2a4fa8)),
  seat: paint(grey(0.1), { gloss: 0.08 }),
  headlight: paint(hex(0xe8ecea), { gloss: 0.5, glow: 0.15 }),
  taillight: paint(hex(0xa01510), { gloss: 0.4, glow: 0.1 }),
  indicator: paint(hex(0xd07818), { gloss: 0.3 }),
};

const COMMON = [
  [0xe9eaea, 26],
  [0x15161a, 20],
  [0xaeb2b6, 17],
  [0x6c7177, 12],
  [0x7a1c1e, 5],
  [0x1f3a6b, 7],
  [0x4a3a30, 3],
  [0x9c8a68, 3],
  [0x2f5a48, 2],
  [0xc8761f, 1],
];

/** A colour of car paint; `wild` allows all. */
export function carColour(random, wild = false) {
  if (wild && random.chance(0.35)) return hsl(random.next(), random.range(0.2, 0.9), random.range(0.1, 0.8));
  const table = Object.fromEntries(COMMON.map(([colour, weight]) => [colour, weight]));
  return varied(hex(Number(random.weighted(table))), random, 0.12);
}

/**
 * A wheel standing on the ground around `[x, z]`, of which bone number `bone` turns it.
 * @param side +1 when its outer face looks left, -1 right, 0 for the single wheels of cycles
 */
export function wheel(shape, [x, z], radius, width, bone, { side = 1, segments = 14, isWire = false } = {}) {
  const turning = [bone, 0, 0];
  const ring = (dx, r, look) => ({ c: [x + dx, radius, z], u: [0, r, 0], v: [0, 0, r], paint: look, bone: turning });
  const half = width / 2;
  if (isWire) {
    shape.loft(
      [
        ring(-half, radius * 0.86, MATERIAL.tyre),
        ring(-half, radius, MATERIAL.tyre),
        ring(half, radius, MATERIAL.tyre),
        ring(half, radius * 0.86, MATERIAL.tyre),
        ring(-half, radius * 0.86, MATERIAL.tyre),
      ],
      { segments: 16, caps: false },
    );
    for (let i = 0; i < 4; i++) {
      const a = (i * Math.PI) / 4;
      const [dy, dz] = [Math.cos(a) * radius * 0.9, Math.sin(a) * radius * 0.9];
      shape.tube([x, radius + dy, z + dz], [x, radius - dy, z - dz], 0.006, 0.006, {
        paint: MATERIAL.rim,
        bone: turning,
        segments: 4,
        caps: false,
      });
    }
    return;
  }
  shape.loft(
    [
      ring(-half, radius * 0.9, MATERIAL.tyre),
      ring(-half * 0.8, radius, MATERIAL.tyre),
      ring(half * 0.8, radius, MATERIAL.tyre),
      ring(half, radius * 0.9, MATERIAL.tyre),
    ],
    { segments, paint: MATERIAL.tyre },
  );
  for (const face of side === 0 ? [-1, 1] : [side]) {
    const spokes = (angle) => (Math.cos(angle * 5) > -0.35 ? MATERIAL.rim : MATERIAL.dark);
    shape.loft(
      [
        ring(face * half * 1.02, radius * 0.66, spokes),
        ring(face * half * 0.9, radius * 0.3, MATERIAL.rim),
        ring(face * half * 0.9, radius * 0.05, MATERIAL.rim),
      ],
      { segments: 20, caps: false },
    );
  }
}

/** From this lean on a two-wheeler is falling, radians. */
const LIES = 0.5;

/** A labelled vehicle. Bone 0 is the body; each entry of `wheels` is a further one. */
export class Vehicle {
  /**
   * @param plan `{cls, shape, length, width, wheels: [{y, z, radius, steers}], mount}`, where `mount` is how one sits on
   *   it (see postures.riding)
   */
  constructor(plan) {
    Object.assign(this, plan);
    this.figure = new Figure(plan.shape);
    this.figures = [this.figure];
    this.bones = [new Matrix4(), ...plan.wheels.map(() => new Matrix4())];
    this.root = this.bones[0];
    this.pedalAngle = 0;
  }

  /**
   * @param options `distance` metres driven so far, `steer` radians to the left, `lean` radians to the left,
   *   `floor` metres
   */
  drive(place, heading, { distance = 0, steer = 0, lean = 0, floor = 0 } = {}) {
    this.root.copy(rootAt(place, heading, floor)).multiply(new Matrix4().makeRotationZ(-lean));
    this.wheels.forEach(({ y, z, radius, steers }, i) => {
      this.bones[i + 1].copy(this.root).multiply(new Matrix4().makeTranslation(0, y, z));
      if (steers) this.bones[i + 1].multiply(new Matrix4().makeRotationY(steer));
      this.bones[i + 1]
        .multiply(new Matrix4().makeRotationX(distance / radius))
        .multiply(new Matrix4().makeTranslation(0, -y, -z));
    });
    this.pedalAngle = distance / 0.9;
    this.ground = { place, heading, doing: "driving" };
    // On its side it lies on what sticks out, not on the line between its wheels.
    this.figure.bend(this.bones, Math.abs(lean) > LIES ? floor : undefined);
  }
}
