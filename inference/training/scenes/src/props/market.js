/** Things of markets and yards: stalls, tables, goods, laundry, and what has the height of people. */
import { grey, hex, varied } from "../colour.js";
import { Frame } from "../frame.js";
import { paint, ringY } from "../shape.js";
import { bright, metal, pole, wood } from "./looks.js";

/** A parasol over a small table. */
export function parasol(world, random, place) {
  const frame = pole(world, place, 2.3, 0.03, metal(random));
  const [x, y, z] = frame.origin;
  const a = bright(random);
  const b = random.chance(0.5) ? grey(0.85) : a;
  const stripes = (angle) => paint(Math.floor((angle / Math.PI) * 4) % 2 ? a : b);
  const r = random.range(1.0, 1.5);
  world
    .batch("plain")
    .loft(
      [
        ringY(y + 1.95, r, r, { x, z }),
        ringY(y + 2.2, r * 0.55, r * 0.55, { x, z }),
        ringY(y + 2.38, 0.03, 0.03, { x, z }),
      ],
      { segments: 16, caps: false, paint: stripes },
    );
  world.batch("plain").loft([ringY(y + 1.94, r, r, { x, z }), ringY(y + 2.3, 0.03, 0.03, { x, z })], {
    segments: 16,
    caps: true,
    paint: paint(a.map((c) => c * 0.4)),
  });
  if (random.chance(0.6)) frame.box(world.batch("wood"), [0, 0.7, 0], [0.8, 0.05, 0.8], wood(random));
}

/** A round stone table with four stools, as chess players like them. */
export function stoneTable(world, place) {
  const [x, y, z] = new Frame(place).origin;
  const stone = paint(hex(0xa8a49c));
  const batch = world.batch("concrete");
  batch.loft(
    [
      ringY(y, 0.22, 0.22, { x, z }),
      ringY(y + 0.68, 0.16, 0.16, { x, z }),
      ringY(y + 0.68, 0.5, 0.5, { x, z }),
      ringY(y + 0.76, 0.5, 0.5, { x, z }),
    ],
    { segments: 18, paint: stone, metric: 2 },
  );
  for (let i = 0; i < 4; i++) {
    const [sx, sz] = [x + 0.85 * Math.cos((i * Math.PI) / 2 + 0.6), z + 0.85 * Math.sin((i * Math.PI) / 2 + 0.6)];
    batch.loft([ringY(y, 0.14, 0.14, { x: sx, z: sz }), ringY(y + 0.4, 0.17, 0.17, { x: sx, z: sz })], {
      segments: 12,
      paint: stone,
      metric: 2,
    });
  }
  world.take(place, 1.2);
}

/** A market stall: table with goods under a cloth roof. */
export function stall(world, random, place, yaw = 0, { roof = random.chance(0.8) } = {}) {
  const frame = new Frame(place, yaw);
  const width = random.range(2, 3);
  frame.box(world.batch("wood"), [0, 0.65, 0], [width, 0.06, 1.1], wood(random));
  for (const x of [-1, 1])
    frame.box(world.batch("plain"), [x * (width / 2 - 0.1), 0, 0], [0.06, 0.65, 1], paint(grey(0.25)));
  frame.box(world.batch("plain"), [0, 0.05, 0.52], [width, 0.6, 0.03], paint(varied(bright(random), random, 0.2)));
  const n = random.int(8, 18);
  for (let i = 0; i < n; i++) {
    const r = random.range(0.08, 0.17);
    frame.ball(
      world.batch("plain"),
      [random.range(-0.45, 0.45) * width, 0.74, random.range(-0.4, 0.4)],
      [r * 1.2, r, r * 1.2],
      paint(bright(random)),
      { segments: 7, steps: 4 },
    );
  }
  if (roof) {
    for (const [x, z] of [
      [-1, -0.7],
      [1, -0.7],
      [-1, 0.9],
      [1, 0.9],
    ])
      frame.tube(
        world.batch("plain"),
        [x * width * 0.5, 0, z],
        [x * width * 0.5, z > 0 ? 2.1 : 2.4, z],
        0.025,
        metal(random),
        { segments: 6 },
      );
    const cloth = paint(bright(random));
    const w = width / 2 + 0.15;
    frame.patch(
      world.batch("plain"),
      [
        [-w, 2.1, 1.1],
        [w, 2.1, 1.1],
        [w, 2.45, -0.85],
        [-w, 2.45, -0.85],
      ],
      cloth,
    );
    frame.patch(
      world.batch("plain"),
      [
        [-w, 2.44, -0.85],
        [w, 2.44, -0.85],
        [w, 2.09, 1.1],
        [-w, 2.09, 1.1],
      ],
      paint(cloth.colour.map((c) => c * 0.5)),
    );
    frame.patch(
      world.batch("plain"),
      [
        [-w, 1.88, 1.12],
        [w, 1.88, 1.12],
        [w, 2.1, 1.1],
        [-w, 2.1, 1.1],
      ],
      paint(grey(0.8)),
    );
  }
  world.take(place, width * 0.65);
}

/** Clothes on a line: cloth in the shapes of people. */
export function laundry(world, random, place, yaw = 0) {
  const frame = new Frame(place, yaw);
  const batch = world.batch("fabric");
  for (const x of [-1.6, 1.6]) frame.tube(batch, [x, 0, 0], [x, 1.9, 0], 0.03, metal(random));
  frame.tube(batch, [-1.6, 1.85, 0], [1.6, 1.85, 0], 0.01, paint(grey(0.3)));
  for (let x = -1.3; x < 1.3; x += random.range(0.4, 0.7)) {
    const w = random.range(0.2, 0.3);
    const h = random.range(0.5, 1.1);
    const look = paint(varied(bright(random), random, 0.4), { cell: random.int(0, 9) });
    frame.box(batch, [x, 1.84 - h, 0], [w * 1.6, h, 0.05], look);
    if (random.chance(0.6)) frame.box(batch, [x, 1.84 - h * 0.4, 0], [w * 3, h * 0.3, 0.04], look);
  }
  world.take(place, 1.8);
}

/** Crates, sacks and jars in a heap. */
export function heap(world, random, place) {
  const n = random.int(2, 7);
  for (let i = 0; i < n; i++) {
    const frame = new Frame(
      [place[0] + random.range(-0.6, 0.6), place[1] + random.range(-0.6, 0.6)],
      random.range(0, 3),
    );
    const look = paint(
      varied(hex(random.pick([0xa08050, 0x8c8a84, 0xd8d4c8, 0x5a6a8a, 0x7a4030, 0x9a5a38])), random, 0.25),
      { cell: 15 },
    );
    if (random.chance(0.5))
      frame.box(
        world.batch("fabric"),
        [0, 0, 0],
        [random.range(0.3, 0.7), random.range(0.25, 0.9), random.range(0.3, 0.7)],
        look,
      );
    else
      frame.ball(
        world.batch("fabric"),
        [0, 0.3, 0],
        [random.range(0.2, 0.35), random.range(0.3, 0.5), random.range(0.2, 0.35)],
        look,
      );
  }
  world.take(place, 0.9);
}

/** A dressmaker's figure, a scarecrow, a statue or a gas bottle: the height of people, and nobody. */
export function decoy(world, random, place) {
  const [x, y, z] = new Frame(place).origin;
  const batch = world.batch("fabric");
  const look = paint(random.pick([grey(0.6), hex(0x8a8478), hex(0x4a6a8a), hex(0x3a3a3a), bright(random)]), {
    cell: random.int(0, 15),
  });
  const kind = random.weighted({ column: 2, bottle: 2, sack: 2, board: 2, box: 2 });
  const h = random.range(0.8, 1.9);
  const ring = (up, r) => ringY(y + up * h, r, r, { x, z });
  if (kind === "column")
    batch.loft([ring(0, 0.22), ring(0.08, 0.22), ring(0.1, 0.15), ring(0.9, 0.13), ring(0.92, 0.2), ring(1, 0.2)], {
      paint: look,
    });
  else if (kind === "bottle")
    batch.loft([ring(0, 0.15), ring(0.75, 0.15), ring(0.88, 0.06), ring(1, 0.06)], { paint: look });
  else if (kind === "sack")
    batch.loft([ring(0, 0.3), ring(0.4, 0.34), ring(0.75, 0.24), ring(0.85, 0.1), ring(1, 0.14)], { paint: look });
  else
    new Frame(place, random.range(-0.8, 0.8)).box(
      batch,
      [0, 0, 0],
      kind === "board" ? [0.6, h, 0.04] : [0.4, h, 0.4],
      look,
    );
  world.take(place, 0.5);
}
