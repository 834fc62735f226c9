/**
 * Things that stand in streets. Many look like people to a careless detector, and all are unlabelled: that is their use.
 *
 * Every prop is `(world, random, place, yaw?)` with the ground point in metres.
 */
import { grey, hex, varied } from "../colour.js";
import { Frame } from "../frame.js";
import { paint, ringY } from "../shape.js";
import { metal, pole, wood } from "./looks.js";

export function bollard(world, random, place) {
  const h = random.range(0.5, 1.1);
  const look = random.pick([
    paint(hex(0xd8b020)),
    paint(grey(0.5)),
    paint(hex(0x8a2a20)),
    paint(grey(0.2), { gloss: 0.3 }),
  ]);
  const frame = pole(world, place, h, random.range(0.06, 0.16), look);
  frame.ball(world.batch("plain"), [0, h, 0], [0.12, 0.08, 0.12], look);
}

export function cone(world, _random, place, level = 0) {
  const [x, y, z] = new Frame(place, 0, level).origin;
  const orange = paint(hex(0xe0561c));
  const white = paint(grey(0.85));
  world.batch("plain").loft(
    [
      [0, 0.19, orange],
      [0.02, 0.19, orange],
      [0.02, 0.14, orange],
      [0.3, 0.09, orange],
      [0.3, 0.09, white],
      [0.45, 0.065, white],
      [0.45, 0.065, orange],
      [0.7, 0.025, orange],
    ].map(([up, r, look]) => ringY(y + up, r, r, { x, z, paint: look })),
    { segments: 10 },
  );
  world.take(place, 0.25);
}

export function lampPost(
  world,
  random,
  place,
  { height = random.range(4.5, 7.5), arm = 1.2, isLit = false, yaw = 0 } = {},
) {
  const frame = new Frame(place, yaw);
  const look = metal(random);
  const batch = world.batch("plain");
  frame.tube(batch, [0, 0, 0], [0, height, 0], 0.09, look, { tip: 0.05 });
  frame.tube(batch, [0, height, 0], [0, height + 0.15, arm], 0.04, look);
  frame.box(batch, [0, height + 0.06, arm], [0.28, 0.12, 0.55], paint(hex(0xfff0d0), { glow: isLit ? 6 : 0.1 }));
  world.take(place, 0.3);
  if (isLit) world.lamps.push(frame.p([0, height - 0.1, arm]));
}

export function utilityPole(world, random, place) {
  const height = random.range(7, 10);
  const frame = pole(world, place, height, 0.15, paint(varied(hex(0x9a958c), random, 0.15)));
  frame.box(world.batch("plain"), [0, height - 0.6, 0], [1.8, 0.1, 0.1], wood(random));
  if (random.chance(0.4)) frame.box(world.batch("plain"), [0.25, 1.4, 0.1], [0.4, 0.6, 0.25], paint(grey(0.55)));
}

export function sign(world, random, place, yaw = 0) {
  const h = random.range(2, 2.8);
  const frame = new Frame(place, yaw);
  frame.tube(world.batch("plain"), [0, 0, 0], [0, h, 0], 0.035, metal(random));
  const look = paint(hex(random.pick([0x1f55a8, 0xc02a22, 0xe0b828, 0x2a7a48, 0xe8e8e4])), { gloss: 0.1 });
  if (random.chance(0.5)) {
    frame.box(world.batch("plain"), [0, h - 0.6, 0.04], [random.range(0.4, 0.9), random.range(0.4, 0.7), 0.02], look);
  } else {
    const c = frame.p([0, h - 0.3, 0.05]);
    world.batch("plain").loft(
      [
        { c, u: [0.3 * frame.cos, 0, -0.3 * frame.sin], v: [0, 0.3, 0] },
        { c: frame.p([0, h - 0.3, 0.07]), u: [0.3 * frame.cos, 0, -0.3 * frame.sin], v: [0, 0.3, 0] },
      ],
      { segments: 16, paint: look },
    );
  }
  world.take(place, 0.3);
}

export function bench(world, random, place, yaw = 0) {
  const frame = new Frame(place, yaw);
  const look = wood(random);
  const batch = world.batch("wood");
  frame.box(batch, [0, 0.4, 0], [1.6, 0.05, 0.42], look);
  if (random.chance(0.6)) frame.box(batch, [0, 0.6, -0.24], [1.6, 0.35, 0.05], look);
  for (const x of [-0.65, 0.65]) frame.box(world.batch("plain"), [x, 0, 0], [0.08, 0.4, 0.4], metal(random));
  world.take(place, 0.9);
}

export function bin(world, random, place, yaw = 0) {
  const frame = new Frame(place, yaw);
  const look = paint(random.pick([hex(0x2a6a3a), hex(0x4a5054), hex(0x2a4a8a), hex(0x8a2a22)]), { gloss: 0.2 });
  frame.box(world.batch("plain"), [0, 0.08, 0], [0.5, 0.85, 0.55], look, { taper: 1.15 });
  frame.box(world.batch("plain"), [0, 0.93, 0], [0.62, 0.08, 0.66], look, { taper: 0.85 });
  world.take(place, 0.45);
}

export function hydrant(world, _random, place) {
  const look = paint(hex(0xb02a20), { gloss: 0.3 });
  const frame = pole(world, place, 0.6, 0.11, look);
  frame.ball(world.batch("plain"), [0, 0.62, 0], [0.13, 0.12, 0.13], look);
  frame.tube(world.batch("plain"), [-0.2, 0.42, 0], [0.2, 0.42, 0], 0.06, look);
}

export function rock(world, random, place, size = random.range(0.25, 1), level = 0) {
  const bumps = Array.from({ length: 70 }, () => random.range(0.75, 1.2));
  const [x, y, z] = new Frame(place, 0, level).origin;
  world
    .batch("concrete")
    .ball([x, y + size * 0.25, z], [size * random.range(0.7, 1.2), size * random.range(0.4, 0.8), size], {
      paint: paint(varied(hex(0x8c867a), random, 0.25)),
      metric: 1.5,
      segments: 9,
      bulge: (i, j) => bumps[(i * 9 + j) % 70],
    });
  world.take(place, size);
}

/** A small flat boat; `level`: of the water. */
export function boat(world, random, place, yaw = 0, level = 0) {
  const frame = new Frame(place, yaw, level);
  const look = paint(varied(random.pick([hex(0x6a5238), hex(0x3a6a8a), hex(0xd8d4c8), hex(0x7a3028)]), random, 0.2), {
    gloss: 0.1,
  });
  const ring = (z, w, low, high) => ({
    c: frame.p([0, (low + high) / 2, z]),
    u: [w * frame.cos, 0, -w * frame.sin],
    v: [0, (high - low) / 2, 0],
    square: 0.4,
  });
  const batch = world.batch("fabric");
  batch.loft(
    [
      ring(-1.9, 0.2, 0.1, 0.55),
      ring(-1.4, 0.5, -0.05, 0.45),
      ring(0, 0.65, -0.1, 0.4),
      ring(1.4, 0.5, -0.05, 0.45),
      ring(2.0, 0.12, 0.2, 0.6),
    ],
    { segments: 12, paint: look },
  );
  frame.patch(
    batch,
    [
      [-0.42, 0.43, 1.2],
      [0.42, 0.43, 1.2],
      [0.42, 0.43, -1.2],
      [-0.42, 0.43, -1.2],
    ],
    paint(look.colour.map((c) => c * 0.3)),
  );
  for (const z of [-0.6, 0.5]) frame.box(batch, [0, 0.42, z], [1.1, 0.05, 0.25], wood(random));
}

/** Posts with rails or mesh between two ground points; `kind`: `'rail'`, `'mesh'`, `'barrier'` or `'bamboo'`. */
export function fence(
  world,
  random,
  a,
  b,
  kind = random.pick(["rail", "mesh", "bamboo"]),
  { height = 1.1, colour, level = 0 } = {},
) {
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
  const gap = kind === "bamboo" ? 0.16 : kind === "barrier" ? 1.5 : 2;
  const n = Math.max(1, Math.round(length / gap));
  const batch = world.batch("plain");
  const look = paint(colour ?? (kind === "bamboo" ? hex(0x9a8450) : grey(random.range(0.3, 0.8))), { gloss: 0.15 });
  const on = (t, y) => [a[0] + (b[0] - a[0]) * t, level + y, -(a[1] + (b[1] - a[1]) * t)];
  for (let i = 0; i <= n; i++) {
    const h = kind === "bamboo" ? height * random.range(0.85, 1.1) : height;
    batch.tube(on(i / n, 0), on(i / n, h), kind === "bamboo" ? 0.025 : 0.035, kind === "bamboo" ? 0.02 : 0.035, {
      paint: look,
      segments: 5,
    });
  }
  const rails = kind === "mesh" ? 6 : kind === "barrier" ? 0 : 2;
  for (let i = 1; i <= rails; i++)
    batch.tube(on(0, (height * i) / rails), on(1, (height * i) / rails), kind === "mesh" ? 0.01 : 0.025, undefined, {
      paint: look,
      segments: 5,
    });
  if (kind !== "barrier") return;
  const pieces = Math.max(1, Math.round(length / 0.5));
  for (let i = 0; i < pieces; i++) {
    const stripe = paint(i % 2 ? hex(0xd8d8d4) : hex(0xc8321e), { gloss: 0.1 });
    for (const y of [0.45, 0.85])
      batch.tube(on(i / pieces, y), on((i + 1) / pieces, y), 0.07, 0.07, { paint: stripe, segments: 6 });
  }
}
