/** Dogs, cows, goats and hens. */
import { Matrix4 } from "three";
import { CLASS } from "./classes.js";
import { grey, hex, varied } from "./colour.js";
import { Figure } from "./figure.js";
import { rootAt } from "./ground.js";
import { paint, ringZ, Shape } from "./shape.js";

const COATS = {
  dog: [0xa87a48, 0x2a2420, 0xd8c8a8, 0x6a4a30, 0xe8e4dc, 0x8a8078],
  cow: [0x9a6a3a, 0xe8e4dc, 0x3a302a, 0xb08858],
  goat: [0xe8e4da, 0x8a7a68, 0x2a2624],
  hen: [0x8a4a28, 0xe6e2d8, 0x3a2a22, 0xb87a3a],
};
/** Metres: shoulder height, length of the trunk, its half width, leg radius. */
const BUILD = {
  dog: [0.48, 0.62, 0.125, 0.034],
  cow: [1.3, 1.5, 0.33, 0.075],
  goat: [0.68, 0.8, 0.15, 0.035],
  hen: [0.24, 0.24, 0.09, 0.012],
};
export const ANIMAL_KINDS = Object.keys(BUILD);

export class Animal {
  cls = CLASS.ANIMAL;

  constructor(random, kind = random.pick(ANIMAL_KINDS)) {
    this.kind = kind;
    this.scale = random.range(0.8, 1.15);
    this.figure = new Figure(kind === "hen" ? hen(random, this.scale) : quadruped(random, kind, this.scale));
    this.figures = [this.figure];
    this.mood = random.next();
    this.bones = Array.from({ length: 6 }, () => new Matrix4());
  }

  /** `distance` metres gone so far, `speed` m/s, `time` s. Bone 0 is the trunk, 1 the head, 2 to 5 the legs. */
  walk(place, heading, { distance = 0, speed = 0, time = 0, floor = 0 } = {}) {
    const [height, length] = BUILD[this.kind].map((x) => x * this.scale);
    const root = rootAt(place, heading, floor);
    const phase = (distance / (height * 1.5 + speed * 0.12)) * 2 * Math.PI;
    const amount = Math.min(1, speed / 0.3);
    const bob = 0.03 * height * amount * Math.sin(phase * 2);
    this.bones[0].copy(root).multiply(new Matrix4().makeTranslation(0, bob, 0));
    const nod =
      0.15 * Math.sin(time * 0.9 + this.mood * 20) +
      0.1 * amount * Math.sin(phase * 2) +
      (speed < 0.1 && this.mood > 0.6 ? 0.7 : 0);
    turn(this.bones[1], this.bones[0], [0, height * 0.95, length * 0.5], nod);
    [0, Math.PI, Math.PI, 0].forEach((offset, i) => {
      const z = (i < 2 ? 0.42 : -0.42) * length;
      turn(
        this.bones[2 + i],
        this.bones[0],
        [0, height * 0.62, z],
        0.5 * amount * Math.sin(phase + offset + (i < 2 ? 0 : 0.5)),
      );
    });
    this.figure.bend(this.bones);
  }
}

function turn(bone, parent, [x, y, z], angle) {
  bone
    .copy(parent)
    .multiply(new Matrix4().makeTranslation(x, y, z))
    .multiply(new Matrix4().makeRotationX(angle))
    .multiply(new Matrix4().makeTranslation(-x, -y, -z));
}

function quadruped(random, kind, scale) {
  const [h, l, w, leg] = BUILD[kind].map((x) => x * scale);
  const shape = new Shape();
  const coat = paint(varied(hex(random.pick(COATS[kind])), random, 0.2), {
    cell: kind === "cow" && random.chance(0.4) ? 14 : 12,
  });
  const dark = paint(grey(0.12));
  const trunk = { bone: [0, 0, 0] };
  shape.loft(
    [
      ringZ(-0.52 * l, w * 0.4, w * 0.5, h * 0.86, trunk),
      ringZ(-0.46 * l, w * 0.85, w * 1.05, h * 0.82, trunk),
      ringZ(-0.1 * l, w * (kind === "cow" ? 1.1 : 0.85), w * 1.15, h * 0.75, trunk),
      ringZ(0.3 * l, w, w * 1.25, h * 0.76, trunk),
      ringZ(0.48 * l, w * 0.7, w * 1.0, h * 0.86, trunk),
      ringZ(0.54 * l, w * 0.4, w * 0.5, h * 0.92, trunk),
    ],
    { segments: 11, paint: coat },
  );
  const skull = kind === "cow" ? 0.9 : kind === "goat" ? 1.1 : 1.25;
  const head = { bone: [1, 0, 0] };
  const up = kind === "cow" ? 1.0 : 1.18;
  shape.loft(
    [
      ringZ(0.42 * l, w * 0.55, w * 0.75, h * 0.9, { bone: [0, 1, 0.3] }),
      ringZ(0.6 * l, w * 0.45, w * 0.55, h * (up - 0.08), head),
      ringZ(0.68 * l, w * 0.5 * skull, w * 0.5 * skull, h * up, head),
      ringZ(0.68 * l + w * 0.8, w * 0.36 * skull, w * 0.36 * skull, h * (up - 0.04), head),
      ringZ(0.68 * l + w * 1.5, w * 0.22 * skull, w * 0.22 * skull, h * (up - 0.08), head),
    ],
    { segments: 9, paint: coat },
  );
  shape.ball([0, h * (up - 0.07), 0.68 * l + w * 1.5], [w * 0.14, w * 0.12, w * 0.12], {
    paint: dark,
    ...head,
    segments: 6,
    steps: 4,
  });
  for (const side of [1, -1]) {
    shape.ball([side * w * 0.42, h * up + w * 0.5, 0.66 * l], [w * 0.14, w * 0.3, w * 0.2], {
      paint: coat,
      ...head,
      segments: 6,
      steps: 4,
    });
    if (kind !== "dog")
      shape.tube(
        [side * w * 0.2, h * up + w * 0.4, 0.66 * l],
        [side * w * 0.6, h * up + w * 0.9, 0.64 * l],
        w * 0.08,
        0.005,
        { paint: paint(grey(0.5)), ...head },
      );
  }
  const tip = kind === "dog" ? [0, h * 1.15, -0.72 * l] : [0, h * 0.45, -0.6 * l];
  shape.tube([0, h * 0.88, -0.5 * l], tip, w * 0.14, w * 0.08, { paint: coat, ...trunk });
  [
    [1, 0.42],
    [-1, 0.42],
    [1, -0.42],
    [-1, -0.42],
  ].forEach(([side, z], i) => {
    const bone = [2 + i, 0, 0];
    const ring = (y, r, dz) => ({ c: [side * w * 0.6, y, z * l + dz], u: [r, 0, 0], v: [0, 0, r], bone });
    shape.loft(
      [
        ring(h * 0.78, leg * 1.6, 0),
        ring(h * 0.55, leg * 1.5, 0),
        ring(h * 0.32, leg, z < 0 ? -leg : 0),
        ring(h * 0.06, leg * 0.8, 0),
        ring(0, leg * 1.1, leg * 0.4),
      ],
      { segments: 8, paint: coat },
    );
  });
  return shape;
}

function hen(random, scale) {
  const [h, l, w, leg] = BUILD.hen.map((x) => x * scale);
  const shape = new Shape();
  const coat = paint(varied(hex(random.pick(COATS.hen)), random, 0.2), { cell: 12 });
  const head = { bone: [1, 0, 0] };
  shape.loft(
    [
      ringZ(-0.7 * l, 0.01, 0.03, h * 1.3),
      ringZ(-0.4 * l, w * 0.6, w * 0.6, h * 0.95),
      ringZ(0, w, w * 1.05, h * 0.8),
      ringZ(0.4 * l, w * 0.6, w * 0.7, h * 0.85),
      ringZ(0.52 * l, w * 0.2, w * 0.3, h * 0.95),
    ],
    { segments: 10, paint: coat },
  );
  shape.tube([0, h * 0.9, 0.4 * l], [0, h * 1.5, 0.56 * l], w * 0.5, w * 0.32, { paint: coat, ...head });
  shape.ball([0, h * 1.55, 0.6 * l], [w * 0.34, w * 0.36, w * 0.45], { paint: coat, ...head, segments: 7, steps: 4 });
  shape.ball([0, h * 1.72, 0.6 * l], [0.008, 0.03, 0.035], {
    paint: paint(hex(0xb81c18)),
    ...head,
    segments: 6,
    steps: 4,
  });
  shape.tube([0, h * 1.52, 0.6 * l + w * 0.4], [0, h * 1.5, 0.6 * l + w * 0.75], 0.01, 0.002, {
    paint: paint(hex(0xd0a040)),
    ...head,
  });
  for (const side of [1, -1])
    shape.tube([side * w * 0.4, h * 0.6, 0], [side * w * 0.4, 0, 0.01], leg, leg, {
      paint: paint(hex(0xc8a040)),
      bone: [side > 0 ? 2 : 3, 0, 0],
    });
  return shape;
}
