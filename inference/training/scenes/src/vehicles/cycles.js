/** Two-wheelers and cargo tricycles; who sits on them is a person of their own (Person.ride). */
import { CLASS } from "../classes.js";
import { grey, hex, hsl, scaled, varied } from "../colour.js";
import { paint, ringY, ringZ, Shape } from "../shape.js";
import { MATERIAL, Vehicle, wheel } from "./vehicle.js";

export const CYCLE_KINDS = ["bicycle", "ebike", "scooter", "motorcycle"];
const COLOURS = [0x1c1c20, 0xe8e8e6, 0xa8232a, 0x2850a0, 0x8a9298, 0x2f7a70, 0xd87a9a, 0xe0b030, 0x46505a];

const colourOf = (random, wild) =>
  wild && random.chance(0.4)
    ? hsl(random.next(), random.range(0.2, 0.9), random.range(0.15, 0.8))
    : varied(hex(random.pick(COLOURS)), random, 0.15);

const BUILDERS = { bicycle, ebike: scooter, scooter, motorcycle };

/** @param kind one of CYCLE_KINDS */
export function makeCycle(random, kind, { wild = false } = {}) {
  return new Vehicle({
    cls: CLASS.TWO_WHEELER,
    kind,
    width: 0.6,
    ...BUILDERS[kind](random, colourOf(random, wild), kind),
  });
}

function twoWheels(shape, radius, width, zs, isWire) {
  return zs.map((z, i) => {
    wheel(shape, [0, z], radius, width, i + 1, { side: 0, isWire });
    return { y: radius, z, radius, steers: false };
  });
}

function bars(shape, y, z, half, look = MATERIAL.black) {
  shape.tube([-half, y, z], [half, y, z], 0.014, 0.014, { paint: MATERIAL.chrome });
  for (const side of [1, -1]) {
    shape.tube([side * half, y, z], [side * (half - 0.12), y, z], 0.02, 0.02, { paint: look });
    shape.tube([side * half * 0.6, y, z], [side * half * 0.75, y + 0.14, z + 0.02], 0.006, 0.006, {
      paint: MATERIAL.black,
      segments: 4,
    });
    shape.ball([side * half * 0.78, y + 0.17, z + 0.02], [0.05, 0.035, 0.012], {
      paint: MATERIAL.black,
      segments: 6,
      steps: 4,
    });
  }
}

function bicycle(random, colour) {
  const shape = new Shape();
  const r = 0.32;
  const frame = paint(colour, { gloss: 0.4 });
  const wheels = twoWheels(shape, r, 0.04, [-0.52, 0.52], true);
  const [crank, head, saddle] = [
    [0, 0.29, -0.06],
    [0, 0.82, 0.36],
    [0, 0.82, -0.2],
  ];
  const tube = (a, b, width = 0.017) => shape.tube(a, b, width, width, { paint: frame, segments: 6 });
  tube(crank, head, 0.022);
  tube(crank, saddle);
  tube([0, 0.74, 0.36], [0, 0.66, -0.15]);
  tube(crank, [0, r, -0.52], 0.013);
  tube(saddle, [0, r, -0.52], 0.012);
  tube(head, [0, r, 0.52], 0.016);
  tube(head, [0, 1.0, 0.32], 0.014);
  bars(shape, 1.0, 0.32, 0.28);
  shape.loft([ringZ(-0.34, 0.085, 0.03, 0.9), ringZ(-0.2, 0.06, 0.035, 0.9), ringZ(-0.06, 0.02, 0.02, 0.89)], {
    paint: MATERIAL.seat,
  });
  if (random.chance(0.6)) {
    shape.loft([ringY(0.7, 0.13, 0.1, { z: 0.55, square: 0.6 }), ringY(0.95, 0.18, 0.14, { z: 0.55, square: 0.6 })], {
      paint: paint(grey(0.25), { cell: 8 }),
    });
  }
  if (random.chance(0.6)) shape.box([0, 0.7, -0.55], [0.14, 0.03, 0.36], { paint: MATERIAL.black });
  for (const z of [-0.52, 0.52]) {
    shape.loft(
      [
        ringZ(z - 0.3, 0.03, 0.012, r + 0.2),
        ringZ(z, 0.035, 0.012, r * 2 + 0.03),
        ringZ(z + 0.3, 0.03, 0.012, r + 0.2),
      ],
      { paint: MATERIAL.black, segments: 6 },
    );
  }
  return {
    shape,
    wheels,
    length: 1.75,
    mount: { seat: [0.9, -0.2], bars: [0.26, 1.02, 0.3], pegs: [0.1, 0.38, -0.06], pedal: 0.17, lean: 0.22 },
  };
}

/** Electric and petrol scooters: a low floor between a front shield and a seat box. */
function scooter(random, colour, kind) {
  const shape = new Shape();
  const r = kind === "ebike" ? 0.24 : 0.22;
  const body = paint(colour, { gloss: 0.5 });
  const trim = paint(random.chance(0.5) ? scaled(colour, 0.4) : grey(0.15), { gloss: 0.2 });
  const wheels = twoWheels(shape, r, 0.1, [-0.56, 0.62], false);
  shape.loft(
    [
      ringZ(-0.8, 0.06, 0.05, 0.62),
      ringZ(-0.6, 0.14, 0.14, 0.58),
      ringZ(-0.3, 0.16, 0.2, 0.5),
      ringZ(-0.12, 0.15, 0.2, 0.42),
      ringZ(-0.05, 0.12, 0.1, 0.32),
    ],
    { segments: 12, paint: body },
  );
  shape.box([0, 0.24, 0.12], [0.28, 0.09, 0.5], { paint: trim });
  shape.loft(
    [
      ringY(0.22, 0.14, 0.05, { z: 0.38 }),
      ringY(0.5, 0.19, 0.06, { z: 0.41 }),
      ringY(0.8, 0.17, 0.06, { z: 0.36 }),
      ringY(0.96, 0.13, 0.08, { z: 0.3 }),
      ringY(1.04, 0.06, 0.05, { z: 0.28 }),
    ],
    { segments: 12, paint: body },
  );
  shape.loft([ringZ(0.42, 0.07, 0.03, 0.52), ringZ(0.62, 0.08, 0.05, 0.5), ringZ(0.82, 0.06, 0.02, 0.42)], {
    paint: body,
    segments: 9,
  });
  for (const side of [1, -1])
    shape.tube([side * 0.07, 0.5, 0.42], [side * 0.07, r, 0.62], 0.022, 0.022, { paint: MATERIAL.black });
  shape.loft(
    [
      ringZ(-0.72, 0.1, 0.05, 0.76),
      ringZ(-0.45, 0.14, 0.06, 0.76),
      ringZ(-0.05, 0.12, 0.05, 0.74),
      ringZ(0.02, 0.06, 0.03, 0.72),
    ],
    { segments: 12, paint: MATERIAL.seat },
  );
  bars(shape, 1.03, 0.26, 0.3);
  shape.ball([0, 0.92, 0.38], [0.08, 0.07, 0.05], { paint: MATERIAL.headlight });
  shape.ball([0, 0.64, -0.8], [0.09, 0.04, 0.03], { paint: MATERIAL.taillight });
  if (random.chance(0.5))
    shape.box([0, 0.78, -0.95], [0.36, 0.32, 0.32], {
      paint: paint(random.chance(0.3) ? hex(0xe0b420) : grey(0.12), { gloss: 0.2 }),
      taper: 0.92,
    });
  if (random.chance(0.25)) {
    shape.patch(
      [
        [-0.22, 1.0, 0.4],
        [0.22, 1.0, 0.4],
        [0.18, 1.45, 0.24],
        [-0.18, 1.45, 0.24],
      ],
      { paint: paint(hex(0x9fb2ba), { gloss: 0.8 }) },
    );
  }
  return {
    shape,
    wheels,
    length: 1.75,
    mount: { seat: [0.79, -0.28], bars: [0.27, 1.05, 0.24], pegs: [0.1, 0.37, 0.12], lean: 0.05 },
  };
}

function motorcycle(random, colour) {
  const shape = new Shape();
  const r = 0.3;
  const body = paint(colour, { gloss: 0.6 });
  const wheels = twoWheels(shape, r, 0.11, [-0.64, 0.7], false);
  shape.loft(
    [
      ringZ(-0.02, 0.08, 0.08, 0.72),
      ringZ(0.12, 0.14, 0.13, 0.76),
      ringZ(0.3, 0.13, 0.13, 0.8),
      ringZ(0.42, 0.06, 0.07, 0.82),
    ],
    { segments: 12, paint: body },
  );
  shape.loft(
    [
      ringZ(-0.85, 0.08, 0.03, 0.82),
      ringZ(-0.5, 0.13, 0.06, 0.77),
      ringZ(-0.1, 0.12, 0.06, 0.75),
      ringZ(0.02, 0.06, 0.04, 0.75),
    ],
    { segments: 12, paint: MATERIAL.seat },
  );
  shape.loft([ringZ(-0.85, 0.06, 0.05, 0.74), ringZ(-0.45, 0.11, 0.09, 0.66), ringZ(-0.1, 0.08, 0.07, 0.62)], {
    segments: 10,
    paint: body,
  });
  shape.ball([0, 0.43, 0.06], [0.16, 0.18, 0.24], { paint: MATERIAL.black, segments: 9 });
  shape.tube([0.12, 0.38, 0.1], [0.14, 0.36, -0.8], 0.04, 0.055, { paint: MATERIAL.chrome });
  shape.tube([0, 0.7, 0.0], [0, 0.3, -0.1], 0.03, 0.03, { paint: MATERIAL.black });
  shape.tube([0, 0.32, -0.1], [0, r, -0.64], 0.035, 0.03, { paint: MATERIAL.black });
  for (const side of [1, -1])
    shape.tube([side * 0.09, 0.95, 0.44], [side * 0.09, r, 0.7], 0.024, 0.024, { paint: MATERIAL.chrome });
  shape.loft([ringZ(0.5, 0.06, 0.02, 0.62), ringZ(0.7, 0.08, 0.03, 0.63), ringZ(0.9, 0.05, 0.02, 0.55)], {
    paint: body,
    segments: 8,
  });
  shape.loft([ringZ(-0.95, 0.06, 0.02, 0.52), ringZ(-0.75, 0.08, 0.03, 0.62), ringZ(-0.5, 0.06, 0.02, 0.6)], {
    paint: MATERIAL.black,
    segments: 8,
  });
  bars(shape, 1.05, 0.36, 0.36);
  shape.ball([0, 0.92, 0.52], [0.1, 0.1, 0.08], { paint: MATERIAL.headlight });
  shape.ball([0, 0.78, -0.88], [0.07, 0.04, 0.03], { paint: MATERIAL.taillight });
  if (random.chance(0.3))
    shape.box([0, 0.84, -0.9], [0.4, 0.34, 0.36], { paint: paint(grey(0.14), { gloss: 0.2 }), taper: 0.92 });
  return {
    shape,
    wheels,
    length: 2.0,
    mount: { seat: [0.8, -0.25], bars: [0.32, 1.06, 0.32], pegs: [0.16, 0.38, -0.08], lean: 0.18 },
  };
}

/** 三轮车: a motorcycle in front, two wheels and a bed behind; some have a roof over the driver. */
export function makeTricycle(random, { wild = false } = {}) {
  const shape = new Shape();
  const r = 0.29;
  const colour = wild
    ? colourOf(random, true)
    : varied(hex(random.pick([0xb02a22, 0x2a5aa0, 0x2f7a4a, 0x3a6a8a, 0x8a2a30])), random, 0.15);
  const body = paint(colour, { gloss: 0.35 });
  wheel(shape, [0, 1.05], r, 0.11, 1, { side: 0 });
  for (const [i, side] of [1, -1].entries()) wheel(shape, [side * 0.52, -0.95], r, 0.14, 2 + i, { side });
  const wheels = [
    { y: r, z: 1.05, radius: r },
    { y: r, z: -0.95, radius: r },
    { y: r, z: -0.95, radius: r },
  ];
  shape.tube([0, 0.55, 0.5], [0, 0.42, -1.2], 0.05, 0.05, { paint: MATERIAL.black });
  for (const side of [1, -1])
    shape.tube([side * 0.09, 1.0, 0.78], [side * 0.09, r, 1.05], 0.028, 0.028, { paint: MATERIAL.chrome });
  shape.loft([ringZ(0.25, 0.08, 0.08, 0.72), ringZ(0.45, 0.15, 0.13, 0.78), ringZ(0.68, 0.08, 0.08, 0.85)], {
    segments: 11,
    paint: body,
  });
  shape.loft([ringZ(-0.1, 0.2, 0.06, 0.74), ringZ(0.25, 0.14, 0.06, 0.74)], { paint: MATERIAL.seat });
  shape.box([0, 0.5, 0.0], [0.36, 0.2, 0.3], { paint: body });
  shape.loft([ringZ(0.8, 0.07, 0.03, 0.62), ringZ(1.05, 0.09, 0.05, 0.61), ringZ(1.28, 0.07, 0.03, 0.5)], {
    paint: body,
    segments: 8,
  });
  bars(shape, 1.08, 0.68, 0.38);
  shape.ball([0, 0.95, 0.86], [0.1, 0.1, 0.08], { paint: MATERIAL.headlight });
  const inner = paint(scaled(colour, 0.5), { cell: 15 });
  shape.box([0, 0.55, -0.95], [1.15, 0.06, 1.6], { paint: inner });
  for (const side of [1, -1]) shape.box([side * 0.57, 0.55, -0.95], [0.05, 0.36, 1.6], { paint: body });
  for (const z of [-1.74, -0.16]) shape.box([0, 0.55, z], [1.15, z > -1 ? 0.55 : 0.36, 0.05], { paint: body });
  const n = random.int(0, 5);
  for (let i = 0; i < n; i++) {
    const size = [random.range(0.3, 0.6), random.range(0.25, 0.7), random.range(0.3, 0.6)];
    shape.box([random.range(-0.25, 0.25), 0.6, random.range(-1.4, -0.5)], size, {
      paint: paint(varied(hex(random.pick([0xa08050, 0x6a7a50, 0x8c8a84, 0xd8d4c8, 0x5a6a8a])), random, 0.3), {
        cell: 15,
      }),
    });
  }
  if (random.chance(0.35)) {
    shape.box([0, 1.75, 0.25], [0.95, 0.05, 1.1], { paint: body });
    for (const [x, z] of [
      [0.44, -0.25],
      [-0.44, -0.25],
      [0.4, 0.75],
      [-0.4, 0.75],
    ])
      shape.tube([x, 0.8, z], [x, 1.75, z], 0.018, 0.018, { paint: MATERIAL.black, segments: 5 });
    shape.patch(
      [
        [-0.4, 1.0, 0.82],
        [0.4, 1.0, 0.82],
        [0.42, 1.72, 0.75],
        [-0.42, 1.72, 0.75],
      ],
      { paint: paint(hex(0x9fb2ba), { gloss: 0.7 }) },
    );
  }
  return new Vehicle({
    cls: CLASS.TRICYCLE,
    kind: "tricycle",
    shape,
    wheels,
    length: 3.1,
    width: 1.2,
    mount: { seat: [0.79, 0.05], bars: [0.34, 1.1, 0.64], pegs: [0.17, 0.4, 0.45], lean: 0.1 },
  });
}
