/**
 * Random outdoor places for training stills.
 *
 * Each builds into the world and returns `{lanes, isRoad, spots}`: `lanes` are `{from, to, width}` in ground coordinates
 * with traffic from `from` to `to`; `isRoad(place)` tells where people rarely stand.
 */
import { house, wall } from "../buildings.js";
import { bush, hedge, tree, tufts } from "../plants.js";
import { CLUTTER, prop } from "../props/clutter.js";
import { stall } from "../props/market.js";
import { boat, fence, lampPost, rock } from "../props/street.js";
import { floor, line, SURFACE_NAMES, surroundings, water, zebra } from "./ground.js";

/** Scatters `n` props over `[x0, x1, d0, d1]` where there is room. */
export function clutter(world, random, n, [x0, x1, d0, d1], table = CLUTTER, keepClear = () => false) {
  for (let i = 0; i < n; i++) {
    const place = [random.range(x0, x1), random.range(d0, d1)];
    if (world.isFree(place, 0.6) && !keepClear(place)) prop(world, random, random.weighted(table), place);
  }
}

function trees(world, random, n, [x0, x1, d0, d1], keepClear = () => false) {
  for (let i = 0; i < n; i++) {
    const place = [random.range(x0, x1), random.range(d0, d1)];
    if (!world.isFree(place, 1) || keepClear(place)) continue;
    if (random.chance(0.3)) bush(world, random, place);
    else tree(world, random, place, { isConifer: random.chance(0.2), height: random.range(3.5, 9) });
  }
}

function houseRow(world, random, d, isLit) {
  for (let x = -32 + random.range(0, 6); x < 32; ) {
    const width = random.range(7, 13);
    house(world, random, [x + width / 2, d + random.range(0, 2)], 0, { width, isLit });
    x += width + (random.chance(0.4) ? random.range(1, 6) : 0.3);
  }
}

function lamps(world, random, isLit, places) {
  for (const place of places)
    lampPost(world, random, place, {
      isLit,
      yaw: random.pick([0, Math.PI / 2, -Math.PI / 2]),
      arm: random.range(0.6, 1.8),
    });
}

export function square(world, random, { isLit }) {
  surroundings(world, random);
  const back = random.range(20, 40);
  floor(world, random, random.pick(["paving", "bigslab", "cobble", "brick", "concrete", "tiles"]), [-26, 26, 0, back], {
    stains: random.range(0.1, 0.5),
  });
  houseRow(world, random, back + 4, isLit);
  if (random.chance(0.6))
    for (const side of [-1, 1])
      house(world, random, [side * random.range(20, 26), random.range(12, 26)], (-side * Math.PI) / 2, { isLit });
  trees(world, random, random.int(2, 10), [-22, 22, 8, back]);
  if (random.chance(0.3)) hedge(world, random, [-15, back - 3], [-4, back - 3]);
  if (random.chance(0.4))
    fence(world, random, [random.range(-16, -6), random.range(8, 20)], [random.range(4, 16), random.range(8, 24)]);
  lamps(world, random, isLit, [
    [random.range(-6, 6), random.range(8, 16)],
    [random.range(-14, -6), random.range(14, 24)],
    [random.range(6, 14), random.range(14, 24)],
  ]);
  clutter(world, random, random.int(4, 20), [-16, 16, 3, back]);
  return { lanes: [], isRoad: () => false };
}

export function junction(world, random, { isLit }) {
  surroundings(world, random);
  const near = random.range(7, 13);
  const width = random.range(6, 10);
  const crossX = random.range(-9, 9);
  const crossWidth = random.range(5, 8);
  const pavement = random.pick(["paving", "concrete", "brick", "earth"]);
  floor(world, random, pavement, [-50, 50, -2, near + width + 12], { y: 0 });
  floor(world, random, random.chance(0.85) ? "asphalt" : "concrete", [-50, 50, near, near + width], { y: 0.02 });
  floor(world, random, "asphalt", [crossX - crossWidth / 2, crossX + crossWidth / 2, near + width, 90], { y: 0.02 });
  const isCross = random.chance(0.5);
  if (isCross)
    floor(world, random, "asphalt", [crossX - crossWidth / 2, crossX + crossWidth / 2, -4, near], { y: 0.02 });
  const middle = near + width / 2;
  line(world, [-50, middle], [50, middle], { dash: random.pick([0, 2, 3]), y: 0.035 });
  if (random.chance(0.5))
    for (const d of [near + 0.2, near + width - 0.2]) line(world, [-50, d], [50, d], { y: 0.035 });
  if (random.chance(0.6))
    zebra(world, [crossX + crossWidth / 2 + 1, crossX + crossWidth / 2 + 4, near, near + width], false);
  if (random.chance(0.7)) houseRow(world, random, near + width + random.range(5, 9), isLit);
  const isRoad = ([x, d]) =>
    (d > near - 0.5 && d < near + width + 0.5) ||
    (Math.abs(x - crossX) < crossWidth / 2 + 0.5 && (isCross || d > near));
  trees(world, random, random.int(2, 12), [-26, 26, 2, near + width + 14], isRoad);
  lamps(world, random, isLit, [
    [crossX - crossWidth / 2 - 1.5, near + width + 1],
    [crossX + 8, near - 1.2],
    [crossX - 12, near - 1.2],
  ]);
  clutter(world, random, random.int(4, 16), [-16, 16, 2, near + width + 5], CLUTTER, isRoad);
  if (random.chance(0.3))
    fence(world, random, [-20, near - 0.6], [random.range(-8, 8), near - 0.6], random.pick(["rail", "barrier"]));
  const quarter = width / 4;
  return {
    isRoad,
    lanes: [
      { from: [-45, near + quarter], to: [45, near + quarter], width: width / 2 },
      { from: [45, near + 3 * quarter], to: [-45, near + 3 * quarter], width: width / 2 },
      { from: [crossX + crossWidth / 4, near + width], to: [crossX + crossWidth / 4, 80], width: crossWidth / 2 },
      { from: [crossX - crossWidth / 4, 80], to: [crossX - crossWidth / 4, near + width], width: crossWidth / 2 },
    ],
  };
}

export function lane(world, random, { isLit }) {
  surroundings(world, random);
  const x = random.range(-5, 5);
  const width = random.range(3.5, 7);
  floor(world, random, random.pick(SURFACE_NAMES), [-30, 30, -2, 60], { y: -0.01 });
  floor(
    world,
    random,
    random.pick(["asphalt", "concrete", "concrete", "earth", "cobble", "gravel"]),
    [x - width / 2, x + width / 2, -4, 90],
    { y: 0.015 },
  );
  for (const side of [-1, 1]) {
    const edge = x + side * (width / 2 + random.range(1, 3));
    if (random.chance(0.5))
      wall(world, random, [edge, random.range(3, 10)], [edge, random.range(16, 40)], {
        height: random.range(1.2, 2.6),
      });
    for (let d = random.range(8, 16); d < 48; d += random.range(9, 16))
      house(world, random, [edge + side * 6, d], (-side * Math.PI) / 2, { isLit });
  }
  const isRoad = ([px]) => Math.abs(px - x) < width / 2 + 0.4;
  trees(world, random, random.int(1, 7), [-16, 16, 5, 40], isRoad);
  lamps(world, random, isLit, [
    [x - width / 2 - 0.6, random.range(8, 13)],
    [x + width / 2 + 0.6, random.range(18, 26)],
    [x - width / 2 - 0.6, random.range(30, 40)],
  ]);
  clutter(world, random, random.int(3, 14), [-12, 12, 3, 30], CLUTTER, isRoad);
  return {
    isRoad: () => false,
    lanes: [
      { from: [x + width / 4, -2], to: [x + width / 4, 70], width: width / 2 },
      { from: [x - width / 4, 70], to: [x - width / 4, -2], width: width / 2 },
    ],
  };
}

export function courtyard(world, random, { isLit }) {
  surroundings(world, random);
  const w = random.range(7, 14);
  const back = random.range(14, 26);
  floor(world, random, random.pick(["concrete", "earth", "paving", "brick", "cobble", "grass", "gravel"]), [
    -w,
    w,
    0,
    back,
  ]);
  wall(world, random, [-w, back], [random.range(-2, 2), back], { height: random.range(1.6, 2.6) });
  wall(world, random, [random.range(4, 6), back], [w, back], { height: random.range(1.6, 2.6) });
  wall(world, random, [-w, 2], [-w, back], { height: random.range(1.6, 2.6) });
  if (random.chance(0.6)) house(world, random, [w + 3, random.range(8, 16)], -Math.PI / 2, { isLit });
  houseRow(world, random, back + random.range(6, 14), isLit);
  trees(world, random, random.int(1, 6), [-w, w, 6, back]);
  lamps(world, random, isLit, [
    [-w + 1, random.range(8, 12)],
    [w - 1, random.range(12, 18)],
  ]);
  clutter(world, random, random.int(6, 18), [-w + 1, w - 1, 3, back - 1]);
  return { lanes: [], isRoad: () => false };
}

export function market(world, random, { isLit }) {
  surroundings(world, random);
  const back = random.range(22, 36);
  floor(world, random, random.pick(["concrete", "asphalt", "paving", "brick", "earth"]), [-24, 24, 0, back], {
    stains: 0.6,
  });
  houseRow(world, random, back + 4, isLit);
  for (let d = random.range(6, 9); d < back; d += random.range(5, 8)) {
    for (let x = -16 + random.range(0, 2); x < 16; x += random.range(3, 4.5)) {
      if (random.chance(0.6) && world.isFree([x, d], 1.2))
        stall(world, random, [x, d], random.chance(0.8) ? 0 : Math.PI);
    }
  }
  lamps(world, random, isLit, [
    [random.range(-8, 8), 10],
    [-10, 18],
    [10, 18],
  ]);
  clutter(world, random, random.int(6, 20), [-15, 15, 3, back], {
    heap: 5,
    bin: 1,
    decoy: 4,
    bollard: 1,
    parasol: 3,
    bench: 1,
    sign: 1,
  });
  return { lanes: [], isRoad: () => false };
}

export function reservoir(world, random, { isLit }) {
  surroundings(world, random, "grass");
  const shore = random.range(9, 20);
  const level = -random.range(0.25, 0.9);
  floor(world, random, random.pick(["grass", "earth", "gravel", "concrete"]), [-40, 40, -2, shore - 3], { y: 0.01 });
  floor(world, random, random.pick(["concrete", "paving", "asphalt", "earth"]), [-40, 40, shore - 6, shore - 3], {
    y: 0.03,
  });
  const batch = world.batch("concrete");
  batch.patch(
    [
      [-60, 0.02, -(shore - 3)],
      [60, 0.02, -(shore - 3)],
      [60, level - 0.4, -shore - 1],
      [-60, level - 0.4, -shore - 1],
    ],
    { paint: { colour: [0.42, 0.41, 0.38], gloss: 0, glow: 0, cell: 0 }, span: 3, cells: [30, 2] },
  );
  // The land stops at the shore; the water lies above the far ground.
  world.water = { level: 0.02, from: shore };
  water(world, random, [-90, 90, shore - 0.2, random.range(60, 130)], { y: 0.0 + world.water.level - 0.01 });
  if (random.chance(0.5))
    fence(world, random, [-30, shore - 3.2], [30, shore - 3.2], random.pick(["rail", "mesh", "bamboo"]));
  tufts(world, random, [-18, 18, shore - 2, shore + 0.5], random.int(10, 60), 0.6);
  for (let i = random.int(0, 5); i > 0; i--) rock(world, random, [random.range(-14, 14), shore + random.range(-2, 2)]);
  for (let i = random.int(0, 3); i > 0; i--)
    boat(world, random, [random.range(-12, 12), shore + random.range(1.5, 12)], random.range(0, 6), 0.02);
  trees(world, random, random.int(0, 6), [-20, 20, 3, shore - 4]);
  lamps(world, random, isLit, [
    [random.range(-8, 8), shore - 6.5],
    [-14, shore - 6.5],
    [14, shore - 6.5],
  ]);
  clutter(world, random, random.int(0, 8), [-15, 15, 3, shore - 4], {
    sign: 3,
    bench: 2,
    bollard: 3,
    bin: 1,
    decoy: 2,
    rock: 2,
  });
  return { lanes: [], isRoad: ([, d]) => d > shore - 1.5, water: world.water };
}
