/** Cars: a body that is lofted along its length, and a glass house lofted upwards from it. */
import { CLASS } from "../classes.js";
import { scaled } from "../colour.js";
import { paint, ringY, ringZ, Shape } from "../shape.js";
import { carColour, MATERIAL, Vehicle, wheel } from "./vehicle.js";

/**
 * Metres. `house`: the glass house as `[z at the belt, z at the roof]` of rear and front; `belt`: height of its lower
 * edge; `nose`, `tail`: height of bonnet and boot.
 */
const KINDS = {
  sedan: {
    length: 4.6,
    width: 1.8,
    height: 1.45,
    belt: 0.92,
    nose: 0.84,
    tail: 0.94,
    rear: [-1.75, -1.0],
    front: [1.12, 0.3],
    wheel: 0.32,
    axles: [-1.35, 1.38],
  },
  hatchback: {
    length: 3.9,
    width: 1.72,
    height: 1.5,
    belt: 0.93,
    nose: 0.86,
    tail: 0.93,
    rear: [-1.88, -1.5],
    front: [1.1, 0.35],
    wheel: 0.3,
    axles: [-1.2, 1.22],
  },
  suv: {
    length: 4.6,
    width: 1.88,
    height: 1.72,
    belt: 1.08,
    nose: 1.02,
    tail: 1.08,
    rear: [-2.2, -1.75],
    front: [1.12, 0.45],
    wheel: 0.37,
    axles: [-1.33, 1.4],
  },
  minivan: {
    length: 4.4,
    width: 1.68,
    height: 1.85,
    belt: 1.05,
    nose: 0.98,
    tail: 1.05,
    rear: [-2.15, -2.02],
    front: [1.95, 1.15],
    wheel: 0.3,
    axles: [-1.3, 1.4],
  },
  van: {
    length: 5.3,
    width: 1.98,
    height: 2.2,
    belt: 1.2,
    nose: 1.08,
    tail: 1.2,
    rear: [-2.6, -2.5],
    front: [2.25, 1.45],
    wheel: 0.35,
    axles: [-1.55, 1.65],
  },
  pickup: {
    length: 5.1,
    width: 1.85,
    height: 1.75,
    belt: 1.08,
    nose: 1.02,
    tail: 1.02,
    rear: [-0.75, -0.55],
    front: [1.25, 0.6],
    wheel: 0.37,
    axles: [-1.6, 1.55],
  },
  citycar: {
    length: 3.0,
    width: 1.5,
    height: 1.58,
    belt: 0.92,
    nose: 0.86,
    tail: 0.92,
    rear: [-1.42, -1.2],
    front: [1.2, 0.6],
    wheel: 0.27,
    axles: [-0.95, 0.98],
  },
};
export const CAR_KINDS = Object.keys(KINDS);

/** @param kind one of CAR_KINDS; `pickup` counts as a truck */
export function makeCar(random, kind, { wild = false, colour = carColour(random, wild) } = {}) {
  const k = KINDS[kind];
  const shape = new Shape();
  const body = paint(colour, { gloss: random.range(0.35, 0.8) });
  const half = k.length / 2;
  const w = k.width / 2;
  const low = k.wheel * 0.62;
  const section = (z, width, bottom, top, square = 0.72) =>
    ringZ(z, w * width, (top - bottom) / 2, (top + bottom) / 2, { square });
  shape.loft(
    [
      section(-half, 0.72, low + 0.16, k.tail - 0.16),
      section(-half + 0.06, 0.88, low + 0.06, k.tail - 0.05),
      section(-half + 0.3, 0.96, low, k.tail),
      section(k.rear[0] + 0.15, 1, low - 0.02, k.belt + 0.01),
      section(-0.3, 1, low - 0.04, k.belt),
      section(k.front[0] - 0.3, 1, low - 0.03, k.belt - 0.01),
      section(k.front[0] + 0.1, 0.99, low - 0.02, k.nose + 0.03),
      section(half - 0.45, 0.95, low, k.nose - 0.05),
      section(half - 0.1, 0.86, low + 0.04, k.nose - 0.16),
      section(half, 0.68, low + 0.12, k.nose - 0.28),
    ],
    { segments: 18, paint: body, bone: [0, 0, 0] },
  );
  shape.loft(
    [section(-half + 0.25, 0.93, low - 0.05, low + 0.14), section(half - 0.25, 0.93, low - 0.05, low + 0.14)],
    { segments: 12, paint: MATERIAL.black },
  );
  glassHouse(shape, k, w, body);
  details(shape, k, w, half, colour, random);
  if (kind === "pickup") bed(shape, k, w, half, colour);
  const wheels = [];
  for (const [i, z] of k.axles.entries()) {
    for (const side of [1, -1]) {
      arch(shape, side * w, z, k.wheel, side);
      wheels.push({ y: k.wheel, z, radius: k.wheel, steers: i === 1 });
      wheel(shape, [side * (w - 0.11), z], k.wheel, 0.21, wheels.length, { side });
    }
  }
  return new Vehicle({
    cls: kind === "pickup" ? CLASS.TRUCK : CLASS.CAR,
    kind,
    shape,
    length: k.length,
    width: k.width,
    wheels,
  });
}

/** The black of a wheel well. */
function arch(shape, x, z, radius, side) {
  const ring = (dx, r) => ({ c: [x + dx, radius * 1.02, z], u: [0, r, 0], v: [0, 0, r] });
  shape.loft([ring(-side * 0.3, radius * 1.16), ring(side * 0.006, radius * 1.16)], {
    segments: 14,
    paint: MATERIAL.dark,
  });
}

function glassHouse(shape, k, w, body) {
  const [rearLow, rearHigh] = k.rear;
  const [frontLow, frontHigh] = k.front;
  const level = (share, y, width, look) => {
    const rear = rearLow + (rearHigh - rearLow) * share;
    const front = frontLow + (frontHigh - frontLow) * share;
    return ringY(y, w * width, (front - rear) / 2, { z: (front + rear) / 2, square: 0.78, paint: look });
  };
  const pillars = (angle) => {
    const away = (at) => Math.abs(Math.atan2(Math.sin(angle - at), Math.cos(angle - at)));
    const isPillar =
      [0, Math.PI].some((at) => away(at) < 0.06) || [0.62, 2.52, 3.76, 5.66].some((at) => away(at) < 0.12);
    return isPillar ? body : MATERIAL.glass;
  };
  const rise = k.height - k.belt;
  shape.loft(
    [
      level(0, k.belt - 0.03, 0.93, body),
      level(0.02, k.belt + 0.02, 0.925, body),
      level(0.05, k.belt + 0.03, 0.92, pillars),
      level(0.45, k.belt + rise * 0.45, 0.85, pillars),
      level(0.85, k.height - rise * 0.14, 0.77, pillars),
      level(0.87, k.height - rise * 0.13, 0.765, body),
      level(1, k.height - 0.03, 0.7, body),
      level(1.12, k.height, 0.55, body),
    ],
    { segments: 32 },
  );
}

function details(shape, k, w, half, colour, random) {
  for (const side of [1, -1]) {
    const lamp = (z, y, size, look) =>
      shape.ball([side * w * 0.72, y, z], size, { paint: look, segments: 8, steps: 4 });
    lamp(half - 0.13, k.nose - 0.24, [0.19, 0.075, 0.14], MATERIAL.headlight);
    lamp(-half + 0.06, k.tail - 0.14, [0.17, 0.09, 0.08], MATERIAL.taillight);
    shape.ball([side * (w + 0.08), k.belt + 0.06, k.front[0] - 0.35], [0.1, 0.07, 0.06], {
      paint: paint(colour, { gloss: 0.4 }),
      segments: 7,
      steps: 4,
    });
    shape.box([side * w * 1.003, k.belt - 0.14, 0.1], [0.012, 0.03, 0.16], { paint: MATERIAL.chrome });
    shape.box([side * w * 1.0, 0.42, 0.15], [0.008, k.belt - 0.5, 0.012], { paint: paint(scaled(colour, 0.4)) });
  }
  shape.box([0, k.nose - 0.42, half - 0.06], [w * 0.9, 0.16, 0.06], { paint: MATERIAL.black });
  shape.box([0, 0.42, half - 0.02], [0.44, 0.14, 0.04], { paint: MATERIAL.plate });
  shape.box([0, k.tail - 0.4, -half - 0.005], [0.44, 0.14, 0.03], { paint: MATERIAL.plate });
  if (k.height > 1.6 && random.chance(0.5)) {
    for (const side of [1, -1])
      shape.tube([side * w * 0.62, k.height, k.rear[1]], [side * w * 0.62, k.height, k.front[1]], 0.025, 0.025, {
        paint: MATERIAL.chrome,
      });
  }
}

/** The open bed of a pickup. */
function bed(shape, k, w, half, colour) {
  const inner = paint(scaled(colour, 0.25));
  shape.box([0, k.tail + 0.005, (-half + k.rear[0]) / 2], [w * 1.75, 0.02, k.rear[0] + half - 0.2], { paint: inner });
  const rim = paint(colour, { gloss: 0.4 });
  for (const side of [1, -1])
    shape.box([side * w * 0.93, k.tail - 0.05, (-half + k.rear[0]) / 2], [0.09, 0.16, k.rear[0] + half], {
      paint: rim,
    });
  shape.box([0, k.tail - 0.05, -half + 0.08], [w * 1.85, 0.16, 0.07], { paint: rim });
}
