/** Random rooms for training stills: halls, offices, corridors, homes. */
import { room } from "../buildings.js";
import { grey, hex, hsl, varied } from "../colour.js";
import { Frame } from "../frame.js";
import { paint, ringY } from "../shape.js";

const woodLook = (random) =>
  paint(varied(hex(random.pick([0xa88a60, 0x6a4e34, 0xd8cdb8, 0xe4e2dc, 0x5a4636, 0x9aa0a6])), random, 0.2), {
    gloss: 0.1,
  });
const clothLook = (random) =>
  paint(
    random.chance(0.5)
      ? grey(random.range(0.08, 0.5))
      : hsl(random.next(), random.range(0.2, 0.7), random.range(0.2, 0.6)),
    { cell: random.int(0, 8) },
  );

function desk(world, random, place, yaw) {
  const frame = new Frame(place, yaw);
  const look = woodLook(random);
  const w = random.range(1.1, 1.8);
  frame.box(world.batch("wood"), [0, 0.7, 0], [w, 0.05, 0.7], look);
  for (const x of [-1, 1]) frame.box(world.batch("wood"), [x * (w / 2 - 0.05), 0, 0], [0.06, 0.7, 0.65], look);
  if (random.chance(0.6)) frame.box(world.batch("wood"), [0, 0.15, -0.32], [w - 0.1, 0.55, 0.03], look);
  if (random.chance(0.7)) {
    frame.box(
      world.batch("plain"),
      [random.range(-0.3, 0.3), 0.85, -0.15],
      [0.55, 0.34, 0.04],
      paint(grey(0.05), { gloss: 0.4, glow: random.chance(0.3) ? 3 : 0 }),
    );
    frame.box(world.batch("plain"), [0, 0.75, -0.15], [0.15, 0.12, 0.12], paint(grey(0.1)));
  }
  for (let i = random.int(0, 4); i > 0; i--)
    frame.box(
      world.batch("plain"),
      [random.range(-0.4, 0.4) * w, 0.75, random.range(-0.2, 0.25)],
      [random.range(0.1, 0.3), random.range(0.02, 0.2), random.range(0.1, 0.3)],
      paint(grey(random.range(0.2, 0.95))),
    );
  world.take(place, 0.9);
}

function chair(world, random, place, yaw) {
  const frame = new Frame(place, yaw);
  const look = clothLook(random);
  frame.box(world.batch("fabric"), [0, 0.42, 0], [0.45, 0.07, 0.45], look);
  frame.box(world.batch("fabric"), [0, 0.55, -0.22], [0.44, 0.45, 0.05], look);
  if (random.chance(0.5)) frame.tube(world.batch("plain"), [0, 0.05, 0], [0, 0.42, 0], 0.04, paint(grey(0.15)));
  else
    for (const [x, z] of [
      [1, 1],
      [1, -1],
      [-1, 1],
      [-1, -1],
    ])
      frame.tube(world.batch("plain"), [x * 0.19, 0, z * 0.19], [x * 0.19, 0.42, z * 0.19], 0.02, paint(grey(0.2)), {
        segments: 5,
      });
  world.take(place, 0.4);
}

function cabinet(world, random, place, yaw) {
  const frame = new Frame(place, yaw);
  const h = random.range(0.8, 2.1);
  const w = random.range(0.5, 1.6);
  const look = woodLook(random);
  frame.box(world.batch("wood"), [0, 0, 0], [w, h, 0.45], look);
  for (let y = 0.3; y < h - 0.1; y += random.range(0.3, 0.6))
    frame.box(world.batch("plain"), [0, y, 0.23], [w * 0.9, 0.02, 0.02], paint(grey(0.15)));
  world.take(place, w * 0.6);
}

function sofa(world, random, place, yaw) {
  const frame = new Frame(place, yaw);
  const look = clothLook(random);
  const w = random.range(0.9, 2.2);
  frame.box(world.batch("fabric"), [0, 0.05, 0], [w, 0.4, 0.8], look);
  frame.box(world.batch("fabric"), [0, 0.4, -0.32], [w, 0.45, 0.2], look, { taper: 0.95 });
  for (const x of [-1, 1]) frame.box(world.batch("fabric"), [(x * w) / 2, 0.05, 0], [0.18, 0.58, 0.8], look);
  world.take(place, w * 0.6);
}

function bed(world, random, place, yaw) {
  const frame = new Frame(place, yaw);
  frame.box(world.batch("wood"), [0, 0.1, 0], [1.3, 0.3, 2], woodLook(random));
  frame.box(world.batch("fabric"), [0, 0.4, 0], [1.25, 0.16, 1.95], clothLook(random));
  frame.box(world.batch("fabric"), [0, 0.56, -0.75], [0.8, 0.1, 0.4], paint(grey(0.85)));
  world.take(place, 1.2);
}

function pottedPlant(world, random, place) {
  const [x, y, z] = new Frame(place).origin;
  world.batch("plain").loft([ringY(y, 0.14, 0.14, { x, z }), ringY(y + 0.35, 0.2, 0.2, { x, z })], {
    paint: paint(varied(hex(0x9a5a3c), random, 0.3)),
  });
  const h = random.range(0.5, 1.3);
  world
    .batch("leaves")
    .loft(
      [
        ringY(y + 0.3, 0.1, 0.1, { x, z }),
        ringY(y + 0.4 + h * 0.5, 0.4, 0.35, { x, z }),
        ringY(y + 0.4 + h, 0.1, 0.1, { x, z }),
      ],
      {
        paint: paint(varied(hex(0x4a7a38), random, 0.3)),
        metric: 0.6,
        segments: 9,
        bulge: (_ring, j) => (j % 2 ? 0.6 : 1.2),
      },
    );
  world.take(place, 0.4);
}

function coatStand(world, random, place) {
  const frame = new Frame(place);
  frame.tube(world.batch("plain"), [0, 0, 0], [0, 1.75, 0], 0.025, paint(grey(0.15)));
  const [x, y, z] = frame.origin;
  world
    .batch("fabric")
    .loft(
      [ringY(y + 0.7, 0.2, 0.12, { x, z }), ringY(y + 1.4, 0.17, 0.1, { x, z }), ringY(y + 1.6, 0.05, 0.05, { x, z })],
      { paint: clothLook(random) },
    );
  world.take(place, 0.4);
}

function counter(world, random, place, yaw) {
  const frame = new Frame(place, yaw);
  const w = random.range(2, 5);
  frame.box(world.batch("wood"), [0, 0, 0], [w, 1.05, 0.6], woodLook(random));
  frame.box(
    world.batch("plain"),
    [0, 1.05, 0],
    [w + 0.1, 0.05, 0.75],
    paint(grey(random.range(0.2, 0.8)), { gloss: 0.3 }),
  );
  for (let x = -w / 2; x <= w / 2; x += 0.9)
    world.take(
      frame
        .p([x, 0, 0])
        .filter((_, i) => i !== 1)
        .map((v, i) => (i ? -v : v)),
      0.5,
    );
}

const FURNITURE = { desk, chair, cabinet, sofa, bed, pottedPlant, coatStand, counter };
const KINDS = {
  office: {
    table: { desk: 5, chair: 5, cabinet: 2, pottedPlant: 1, coatStand: 1 },
    width: [4, 7],
    depth: [8, 14],
    n: [6, 16],
  },
  hall: {
    table: { chair: 4, counter: 2, pottedPlant: 2, cabinet: 1, sofa: 1, desk: 1 },
    width: [5, 11],
    depth: [12, 24],
    n: [3, 14],
  },
  corridor: {
    table: { chair: 3, pottedPlant: 2, cabinet: 2, coatStand: 1 },
    width: [1.5, 2.6],
    depth: [12, 30],
    n: [0, 5],
  },
  home: {
    table: { bed: 2, sofa: 3, chair: 3, cabinet: 3, desk: 1, pottedPlant: 1, coatStand: 1 },
    width: [3, 4.5],
    depth: [6, 9],
    n: [4, 9],
  },
};

export function indoor(world, random) {
  const kind = random.weighted({ office: 3, hall: 3, corridor: 2, home: 3 });
  const { table, width, depth, n } = KINDS[kind];
  const x0 = -random.range(...width);
  const x1 = random.range(...width);
  const d1 = random.range(...depth);
  const height = random.range(2.7, 3.6);
  room(world, random, { x0, x1, d0: -2, d1, height });
  for (let i = random.int(...n); i > 0; i--) {
    const isAtWall = random.chance(0.5);
    const side = random.pick([-1, 1]);
    const place = isAtWall
      ? [side > 0 ? x1 - 0.5 : x0 + 0.5, random.range(2.5, d1 - 0.6)]
      : [random.range(x0 + 0.6, x1 - 0.6), random.range(2.5, d1 - 0.6)];
    if (world.isFree(place, 0.7))
      FURNITURE[random.weighted(table)](
        world,
        random,
        place,
        isAtWall ? (-side * Math.PI) / 2 : random.pick([0, Math.PI, Math.PI / 2, random.range(0, 6)]),
      );
  }
  return {
    lanes: [],
    isRoad: ([x, d]) => x < x0 + 0.35 || x > x1 - 0.35 || d > d1 - 0.4,
    height,
    isIndoor: true,
    depth: d1,
  };
}
