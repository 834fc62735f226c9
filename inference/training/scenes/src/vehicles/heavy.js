/** Buses and lorries. */
import { CLASS } from "../classes.js";
import { grey, hex, hsl, scaled, varied } from "../colour.js";
import { paint, ringZ, Shape } from "../shape.js";
import { carColour, MATERIAL, Vehicle, wheel } from "./vehicle.js";

const BUS_COLOURS = [0xdfe4e4, 0x2f7a4f, 0x2b5fa0, 0xd9a830, 0xb83a2c, 0x8fb8c8, 0xe8e2d0];
const CAB_COLOURS = [0xe8e8e6, 0x2f5fa8, 0xb02a24, 0x2a6a4a, 0xd0a030, 0x8a9096];
const LOAD_COLOURS = [0x9a7f5a, 0x6f665a, 0x8c8a84, 0xb08a50, 0x55604a];

const rounded = (z, w, low, high, square = 0.9) => ringZ(z, w, (high - low) / 2, (high + low) / 2, { square });

function axles(shape, list, w, radius) {
  const wheels = [];
  for (const { z, steers } of list) {
    for (const side of [1, -1]) {
      const ring = (dx, r) => ({ c: [side * w + dx, radius * 1.03, z], u: [0, r, 0], v: [0, 0, r] });
      shape.loft([ring(-side * 0.4, radius * 1.14), ring(side * 0.008, radius * 1.14)], {
        segments: 14,
        paint: MATERIAL.dark,
      });
      wheels.push({ y: radius, z, radius, steers });
      wheel(shape, [side * (w - 0.13), z], radius, 0.27, wheels.length, { side });
    }
  }
  return wheels;
}

/** `length` metres; the usual town bus has 10, a minibus 7. */
export function makeBus(random, { wild = false, length = random.pick([7, 8.5, 10, 11.5]) } = {}) {
  const shape = new Shape();
  const isSmall = length < 8;
  const w = isSmall ? 1.05 : 1.25;
  const h = isSmall ? 2.7 : 3.1;
  const half = length / 2;
  const low = 0.32;
  const colour = wild
    ? hsl(random.next(), random.range(0.1, 0.9), random.range(0.2, 0.85))
    : varied(hex(random.pick(BUS_COLOURS)), random, 0.1);
  const second = random.chance(0.6) ? hex(random.pick(BUS_COLOURS)) : colour;
  const body = paint(colour, { gloss: 0.4 });
  const stripe = paint(second, { gloss: 0.4 });
  shape.loft(
    [
      rounded(-half, w * 0.93, low + 0.1, h - 0.18),
      rounded(-half + 0.1, w, low, h - 0.04),
      rounded(-half + 0.5, w, low, h),
      rounded(half - 0.5, w, low, h),
      rounded(half - 0.1, w, low, h - 0.06),
      rounded(half, w * 0.94, low + 0.08, h - 0.22),
    ],
    { segments: 24, paint: body },
  );
  const sill = isSmall ? 1.25 : 1.35;
  const head = h - 0.55;
  for (const side of [1, -1]) {
    shape.box([side * (w + 0.004), low + 0.12, 0], [0.02, sill - low - 0.5, length - 0.6], { paint: stripe });
    const n = Math.round(length / 1.3);
    const pitch = (length - 1.2) / n;
    for (let i = 0; i < n; i++)
      shape.box([side * w, sill, -half + 0.6 + (i + 0.5) * pitch], [0.03, head - sill, pitch - 0.1], {
        paint: MATERIAL.glass,
      });
    shape.ball([side * w * 0.78, 0.75, half - 0.02], [0.18, 0.11, 0.07], {
      paint: MATERIAL.headlight,
      segments: 8,
      steps: 4,
    });
    shape.ball([side * w * 0.82, 0.95, -half + 0.02], [0.1, 0.2, 0.06], {
      paint: MATERIAL.taillight,
      segments: 8,
      steps: 4,
    });
    shape.box([side * (w + 0.2), h - 0.95, half - 0.05], [0.16, 0.4, 0.09], { paint: MATERIAL.black });
  }
  shape.box([-w - 0.002, 0.45, half - 1.3], [0.03, h - 1.0, 0.95], { paint: MATERIAL.glass });
  shape.box([0, 1.2, half - 0.03], [w * 1.72, h - 1.75, 0.07], { paint: MATERIAL.glass });
  shape.box([0, h - 0.48, half - 0.04], [w * 1.3, 0.26, 0.06], { paint: MATERIAL.black });
  shape.box([0, 1.5, -half + 0.03], [w * 1.5, h - 2.2, 0.07], { paint: MATERIAL.glass });
  shape.box([0, 0.45, half + 0.0], [0.44, 0.14, 0.03], { paint: MATERIAL.plate });
  shape.box([0, h - 0.02, -half * 0.4], [w * 1.2, 0.22, 2.2], { paint: paint(scaled(colour, 0.8)), taper: 0.9 });
  const wheels = axles(
    shape,
    [{ z: -half + length * 0.24 }, { z: half - length * 0.2, steers: true }],
    w,
    isSmall ? 0.4 : 0.48,
  );
  return new Vehicle({ cls: CLASS.BUS, kind: "bus", shape, length, width: 2 * w, wheels });
}

export const TRUCK_KINDS = ["box", "flatbed", "tipper", "tanker", "light"];

/** A lorry; `light` is the small flatbed of village shops. */
export function makeTruck(random, kind = random.pick(TRUCK_KINDS), { wild = false } = {}) {
  const shape = new Shape();
  const isLight = kind === "light";
  const length = isLight ? 4.9 : random.range(6.2, 9.5);
  const w = isLight ? 0.92 : 1.2;
  const cabHeight = isLight ? 2.0 : random.range(2.5, 2.95);
  const cabLength = isLight ? 1.55 : 1.9;
  const half = length / 2;
  const radius = isLight ? 0.34 : 0.5;
  const deck = isLight ? 0.85 : 1.15;
  const colour = wild ? carColour(random, true) : varied(hex(random.pick(CAB_COLOURS)), random, 0.15);
  const body = paint(colour, { gloss: 0.4 });
  const rearOfCab = half - cabLength;
  shape.loft(
    [
      rounded(rearOfCab, w * 0.98, deck * 0.5, cabHeight - 0.04),
      rounded(rearOfCab + 0.15, w, deck * 0.5, cabHeight),
      rounded(half - 0.55, w, deck * 0.45, cabHeight - 0.02),
      rounded(half - 0.12, w, deck * 0.4, deck + 0.75),
      rounded(half, w * 0.94, deck * 0.45, deck + 0.45),
    ],
    { segments: 20, paint: body },
  );
  const glassLow = deck + (isLight ? 0.42 : 0.55);
  const slope = [
    [-w * 0.86, glassLow, half - 0.06],
    [w * 0.86, glassLow, half - 0.06],
    [w * 0.8, cabHeight - 0.2, half - 0.5],
    [-w * 0.8, cabHeight - 0.2, half - 0.5],
  ];
  shape.patch(
    slope.map(([x, y, z]) => [x, y, z + 0.06]),
    { paint: MATERIAL.glass },
  );
  for (const side of [1, -1]) {
    shape.box(
      [side * w, glassLow, rearOfCab + cabLength * 0.46],
      [0.03, cabHeight - glassLow - 0.28, cabLength * 0.5],
      { paint: MATERIAL.glass },
    );
    shape.ball([side * w * 0.74, deck * 0.72, half - 0.01], [0.17, 0.11, 0.07], {
      paint: MATERIAL.headlight,
      segments: 8,
      steps: 4,
    });
    shape.box([side * (w + 0.16), glassLow + 0.1, half - 0.25], [0.14, 0.34, 0.08], { paint: MATERIAL.black });
    shape.box([side * w * 0.85, deck - 0.3, -half + 0.03], [0.22, 0.14, 0.06], { paint: MATERIAL.taillight });
  }
  shape.box([0, deck * 0.36, half - 0.03], [w * 1.9, 0.26, 0.08], { paint: MATERIAL.black });
  shape.box([0, deck * 0.62, half - 0.03], [w * 1.1, deck * 0.45, 0.07], { paint: MATERIAL.dark });
  shape.box([0, deck - 0.32, (-half + rearOfCab) / 2], [w * 1.0, 0.3, rearOfCab + half], { paint: MATERIAL.dark });
  load(shape, random, kind, { w, half, deck, rear: -half, front: rearOfCab - 0.1, wild, colour });
  const list = [{ z: half - cabLength * 0.55, steers: true }, { z: -half + length * 0.22 }];
  if (length > 8) list.push({ z: -half + length * 0.22 + radius * 2.3 });
  const wheels = axles(shape, list, w, radius);
  return new Vehicle({ cls: CLASS.TRUCK, kind: `truck-${kind}`, shape, length, width: 2 * w, wheels });
}

function load(shape, random, kind, { w, deck, rear, front, wild, colour }) {
  const middle = (rear + front) / 2;
  const span = front - rear;
  const wall = (look, height) => {
    shape.box([0, deck, middle], [2 * w, 0.08, span], { paint: look });
    for (const side of [1, -1]) shape.box([side * (w - 0.03), deck, middle], [0.06, height, span], { paint: look });
    shape.box([0, deck, rear + 0.03], [2 * w, height, 0.06], { paint: look });
    shape.box([0, deck, front - 0.03], [2 * w, height * 1.4, 0.06], { paint: look });
  };
  if (kind === "box") {
    const look = paint(wild ? carColour(random, true) : hex(random.pick([0xe4e4e0, 0xd4d8da, 0xc8c2b4, 0x3a6aa8])), {
      gloss: 0.2,
      cell: random.pick([0, 4, 15]),
    });
    shape.box([0, deck, middle], [2 * w + 0.1, random.range(1.8, 2.3), span], { paint: look });
  } else if (kind === "tanker") {
    const r = w * 0.95;
    const ring = (z, s) => ({ c: [0, deck + r, z], u: [r * s, 0, 0], v: [0, r * s, 0] });
    shape.loft([ring(rear, 0.8), ring(rear + 0.15, 1), ring(front - 0.15, 1), ring(front, 0.8)], {
      segments: 18,
      paint: paint(random.chance(0.5) ? grey(0.75) : hex(random.pick(CAB_COLOURS)), { gloss: 0.5 }),
    });
  } else if (kind === "tipper") {
    wall(paint(random.chance(0.5) ? colour : hex(random.pick(CAB_COLOURS)), { cell: 15 }), random.range(0.9, 1.3));
    if (random.chance(0.6))
      shape.ball([0, deck + 0.7, middle], [w * 0.9, 0.8, span * 0.45], {
        paint: paint(hex(random.pick(LOAD_COLOURS)), { cell: 12 }),
      });
  } else {
    wall(paint(varied(scaled(colour, 0.8), random, 0.2), { cell: 15 }), random.range(0.35, 0.5));
    const n = random.int(0, 6);
    for (let i = 0; i < n; i++) {
      const size = [random.range(0.5, w), random.range(0.4, 1.1), random.range(0.5, 1.2)];
      shape.box([random.range(-0.5, 0.5) * w, deck + 0.08, random.range(rear + 0.7, front - 0.7)], size, {
        paint: paint(varied(hex(random.pick(LOAD_COLOURS)), random, 0.3), { cell: 15 }),
      });
    }
  }
}
