/** Houses, walls and rooms. */
import { grey, hex, hsl, varied } from "./colour.js";
import { Frame } from "./frame.js";
import { paint } from "./shape.js";

const WALLS = [
  ["plaster", 0xe4dfd2],
  ["plaster", 0xd8cfb8],
  ["brick", 0xa0604a],
  ["brick", 0x8a8680],
  ["tiles", 0xe8e8e2],
  ["plaster", 0xc8b89a],
  ["concrete", 0xb0aca4],
  ["tiles", 0xd8c8b0],
];
const ROOFS = [0x6a6e74, 0x8a4a38, 0x4a4e54, 0x3f5a78, 0x9a8a78];
const DOORS = [0x7a2a22, 0x4a3a2c, 0x6a6e72, 0x2f5a4a, 0x3a4a6a];

/**
 * A house whose front looks along the frame's +z.
 * @param options `width`, `depth` metres, `storeys`, `isGabled`, `hasShop`: open shop fronts below
 */
export function house(world, random, place, yaw, options = {}) {
  const {
    width = random.range(7, 13),
    depth = random.range(5, 8),
    storeys = random.int(1, 3),
    isGabled = random.chance(0.55),
    hasShop = random.chance(0.3),
    isLit = false,
  } = options;
  const [texture, colour] = random.pick(WALLS);
  const wall = paint(varied(hex(colour), random, 0.1));
  const frame = new Frame(place, yaw);
  const height = storeys * 3.1;
  frame.box(world.batch(texture), [0, 0, 0], [width, height, depth], wall);
  frame.box(
    world.batch("concrete"),
    [0, 0, 0],
    [width + 0.06, 0.5, depth + 0.06],
    paint(varied(hex(0x8c8880), random, 0.15)),
  );
  if (isGabled) gable(world, random, frame, width, depth, height, texture, wall);
  else {
    frame.box(
      world.batch("concrete"),
      [0, height, 0],
      [width + 0.5, 0.22, depth + 0.5],
      paint(varied(hex(0xb8b2a6), random, 0.1)),
    );
    if (random.chance(0.5))
      frame.tube(
        world.batch("plain"),
        [width * 0.25, height + 0.9, 0],
        [width * 0.25 + 1.5, height + 0.9, 0],
        0.3,
        paint(grey(0.7), { gloss: 0.5 }),
      );
  }
  const front = depth / 2 + 0.02;
  const n = Math.max(2, Math.round(width / 2.8));
  const pitch = width / n;
  const doorAt = random.int(0, n - 1);
  const look = paint(hex(random.pick(DOORS)), { gloss: 0.15 });
  for (let storey = 0; storey < storeys; storey++) {
    for (let i = 0; i < n; i++) {
      const x = -width / 2 + (i + 0.5) * pitch;
      if (storey === 0 && hasShop) shopFront(world, random, frame, x, pitch, front, isLit);
      else if (storey === 0 && i === doorAt) door(world, random, frame, x, front, look);
      else window_(world, random, frame, x, storey * 3.1 + 1.0, front, isLit && random.chance(0.4));
    }
  }
  if (random.chance(0.6))
    frame.box(world.batch("plain"), [width * 0.4, 2.2, front + 0.2], [0.8, 0.6, 0.32], paint(grey(0.75)));
  if (random.chance(0.4) && storeys > 1) {
    frame.box(world.batch("concrete"), [0, 3.05, front + 0.5], [width, 0.14, 1.1], wall);
    frame.box(world.batch("plain"), [0, 3.19, front + 1.0], [width, 0.9, 0.06], paint(grey(0.65)));
  }
  const reach = Math.max(width, depth) / 2 + 0.5;
  world.take(place, reach);
}

function gable(world, random, frame, width, depth, height, texture, wall) {
  const rise = depth * random.range(0.25, 0.4);
  const [w, d] = [width / 2 + 0.4, depth / 2 + 0.5];
  const roof = paint(varied(hex(random.pick(ROOFS)), random, 0.15));
  const batch = world.batch("rooftile");
  frame.patch(
    batch,
    [
      [-w, height - 0.15, d],
      [w, height - 0.15, d],
      [w, height + rise, 0],
      [-w, height + rise, 0],
    ],
    roof,
  );
  frame.patch(
    batch,
    [
      [w, height - 0.15, -d],
      [-w, height - 0.15, -d],
      [-w, height + rise, 0],
      [w, height + rise, 0],
    ],
    roof,
  );
  for (const side of [1, -1]) {
    const x = (side * width) / 2;
    const corners = [
      [x, height, (side * depth) / 2],
      [x, height, (-side * depth) / 2],
      [x, height + rise, 0],
      [x, height + rise, 0],
    ];
    frame.patch(world.batch(texture), corners, wall);
  }
}

function door(world, random, frame, x, front, look) {
  frame.box(world.batch("wood"), [x, 0.05, front], [1.5, 2.2, 0.08], look);
  frame.box(world.batch("plain"), [x, 2.27, front], [1.7, 0.12, 0.12], paint(grey(0.5)));
  if (!random.chance(0.5)) return;
  const red = paint(hex(0xb8201a));
  for (const side of [1, -1]) frame.box(world.batch("plain"), [x + side * 0.9, 0.5, front], [0.18, 1.5, 0.02], red);
  frame.box(world.batch("plain"), [x, 2.42, front], [1.2, 0.22, 0.02], red);
  if (random.chance(0.5))
    for (const side of [1, -1])
      frame.ball(
        world.batch("plain"),
        [x + side * 1.1, 2.2, front + 0.3],
        [0.2, 0.24, 0.2],
        paint(hex(0xc8281c), { glow: 0.2 }),
      );
}

function window_(world, random, frame, x, y, front, isLit) {
  const w = random.range(1.1, 1.5);
  frame.box(world.batch("plain"), [x, y, front - 0.01], [w + 0.16, 1.5, 0.05], paint(grey(0.75)));
  const glass = isLit ? paint(hex(0xffd890), { glow: 1.2 }) : paint(hex(0x2a363e), { gloss: 0.8 });
  for (const side of [1, -1])
    frame.box(world.batch("plain"), [x + (side * w) / 4, y + 0.07, front + 0.01], [w / 2 - 0.05, 1.36, 0.05], glass);
  if (random.chance(0.3))
    for (let i = 0; i < 5; i++)
      frame.tube(
        world.batch("plain"),
        [x + ((i - 2) * w) / 5, y, front + 0.08],
        [x + ((i - 2) * w) / 5, y + 1.5, front + 0.08],
        0.012,
        paint(grey(0.6)),
        { segments: 4 },
      );
}

function shopFront(world, random, frame, x, pitch, front, isLit) {
  const isOpen = random.chance(0.5);
  const look = isOpen
    ? paint(hex(isLit ? 0xe8a860 : 0x3a3630), { glow: isLit ? 0.5 : 0, gloss: 0.3 })
    : paint(varied(hex(0x8a9296), random, 0.2));
  frame.box(world.batch(isOpen ? "plain" : "corrugated"), [x, 0.02, front], [pitch - 0.4, 2.5, 0.06], look);
  frame.box(
    world.batch("plain"),
    [x, 2.62, front + 0.05],
    [pitch - 0.1, 0.6, 0.14],
    paint(hsl(random.next(), random.range(0.4, 0.9), random.range(0.25, 0.5))),
  );
}

/** A wall between two ground points. */
export function wall(
  world,
  random,
  a,
  b,
  { height = 2, texture = random.pick(["brick", "plaster", "concrete"]), colour, cap = true } = {},
) {
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
  const yaw = Math.atan2(b[1] - a[1], b[0] - a[0]);
  const frame = new Frame([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], yaw);
  const usual = { brick: 0x9a6450, plaster: 0xd8d2c4, concrete: 0xa8a49a, tiles: 0xe0e0da };
  frame.box(
    world.batch(texture),
    [0, 0, 0],
    [length, height, 0.24],
    paint(colour ?? varied(hex(usual[texture]), random, 0.12)),
  );
  if (cap)
    frame.box(
      world.batch("rooftile"),
      [0, height, 0],
      [length + 0.1, 0.14, 0.42],
      paint(varied(hex(0x6a6a68), random, 0.2)),
      { taper: 0.8 },
    );
  const n = Math.ceil(length / 1.2);
  for (let i = 0; i <= n; i++) world.take([a[0] + ((b[0] - a[0]) * i) / n, a[1] + ((b[1] - a[1]) * i) / n], 0.5);
}

const FLOORS = [
  ["tiles", 0xd8d4c8, 3],
  ["bigslab", 0xcac4b8, 2.4],
  ["wood", 0xa8825a, 2],
  ["carpet", 0x5a6478, 2],
  ["carpet", 0x7a6a5a, 2],
  ["checkerfloor", 0xc8c8c4, 3],
  ["concrete", 0x9a9a96, 4],
  ["plain", 0x8a9a92, 3],
];

/** A room from `[x0, x1]` to `[d0, d1]`, `height` metres, seen from inside; `hasCeiling` where the camera would see it. */
export function room(world, random, { x0, x1, d0, d1, height }) {
  const [floor, colour, span] = random.pick(FLOORS);
  const shade = (p) => 0.9 + 0.1 * Math.sin(p[0] * 1.3) * Math.cos(p[2] * 0.9);
  world.batch(floor).patch(
    [
      [x0, 0, -d0],
      [x1, 0, -d0],
      [x1, 0, -d1],
      [x0, 0, -d1],
    ],
    {
      paint: paint(varied(hex(colour), random, 0.25), { gloss: random.range(0, 0.35) }),
      span,
      cells: [8, 8],
      tint: shade,
    },
  );
  const texture = random.pick(["plaster", "plain", "plain", "concrete", "tiles", "wood"]);
  const look = paint(
    random.chance(0.7)
      ? varied(hex(random.pick([0xe8e4da, 0xd8dce0, 0xe0d4bc, 0xc8d4c8])), random, 0.12)
      : hsl(random.next(), random.range(0.1, 0.5), random.range(0.35, 0.8)),
  );
  const sides = [
    [
      [x0, 0, -d1],
      [x1, 0, -d1],
      [x1, height, -d1],
      [x0, height, -d1],
    ],
    [
      [x0, 0, -d0],
      [x0, 0, -d1],
      [x0, height, -d1],
      [x0, height, -d0],
    ],
    [
      [x1, 0, -d1],
      [x1, 0, -d0],
      [x1, height, -d0],
      [x1, height, -d1],
    ],
  ];
  for (const corners of sides)
    world.batch(texture).patch(corners, { paint: look, cells: [6, 3], tint: ([, y]) => 0.85 + 0.15 * Math.min(1, y) });
  const skirting = paint(grey(random.range(0.15, 0.5)));
  world.batch("plain").box([(x0 + x1) / 2, 0, -d1 + 0.03], [x1 - x0, 0.14, 0.04], { paint: skirting });
  for (const x of [x0 + 0.03, x1 - 0.03])
    world.batch("plain").box([x, 0, -(d0 + d1) / 2], [0.04, 0.14, d1 - d0], { paint: skirting });
  openings(world, random, { x0, x1, d0, d1, height });
}

function openings(world, random, { x0, x1, d0, d1, height }) {
  const put = (frame, kind) => {
    if (kind === "door") {
      frame.box(
        world.batch("wood"),
        [0, 0, 0.02],
        [0.95, 2.1, 0.06],
        paint(varied(hex(random.pick([0x8a6a48, 0xe0dcd0, 0x5a4636, 0x4a6a8a])), random, 0.2), { gloss: 0.1 }),
      );
      frame.box(world.batch("plain"), [0.35, 1.0, 0.07], [0.12, 0.04, 0.05], paint(grey(0.6), { gloss: 0.5 }));
    } else if (kind === "window") {
      frame.box(world.batch("plain"), [0, 0.9, 0.01], [1.5, 1.4, 0.06], paint(grey(0.8)));
      frame.box(
        world.batch("plain"),
        [0, 0.97, 0.03],
        [1.36, 1.26, 0.06],
        paint(random.chance(0.6) ? hex(0xdfe8f0) : hex(0x2a3038), { glow: random.chance(0.5) ? 1 : 0.1, gloss: 0.5 }),
      );
    } else {
      frame.box(
        world.batch("fabric"),
        [0, 1.1, 0.02],
        [random.range(0.6, 1.6), random.range(0.5, 1.1), 0.03],
        paint(hsl(random.next(), random.range(0.1, 0.8), random.range(0.2, 0.8)), { cell: random.int(0, 15) }),
      );
    }
  };
  const spots = [];
  for (let x = x0 + 1.2; x < x1 - 1; x += random.range(1.8, 3)) spots.push(new Frame([x, d1 - 0.02]));
  for (let d = Math.max(d0, 1) + 1.5; d < d1 - 1; d += random.range(1.8, 3.2)) {
    spots.push(new Frame([x0 + 0.02, d], Math.PI / 2));
    spots.push(new Frame([x1 - 0.02, d], -Math.PI / 2));
  }
  for (const spot of spots) if (random.chance(0.75)) put(spot, random.weighted({ door: 3, window: 2, board: 2 }));
  const light = paint(hex(0xffffff), { glow: 3 });
  if (random.chance(0.5))
    for (let d = 3; d < d1; d += 2.6)
      world.batch("plain").box([(x0 + x1) / 2, height - 0.05, -d], [0.3, 0.05, 1.3], { paint: light });
}
