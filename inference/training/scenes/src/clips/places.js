/** Places of the clips: built from the clip's chance, so that each has its own houses, trees and colours. */
import { house, wall } from "../buildings.js";
import { grey, hex } from "../colour.js";
import { floor, line, surroundings, zebra } from "../places/ground.js";
import { bush, tree } from "../plants.js";
import { heap } from "../props/market.js";
import { bench, bin, bollard, lampPost, sign, utilityPole } from "../props/street.js";
import { makeCar } from "../vehicles/cars.js";

const ASPHALT = hex(0x6e7074);

function houses(clip, d, { from = -36, to = 36, gap = 0.3, hasShop = true, isLit = false } = {}) {
  const { world, random } = clip;
  for (let x = from; x < to; ) {
    const width = random.range(8.5, 13);
    const storeys = random.int(1, 3);
    house(world, random, [x + width / 2, d + random.range(0, 0.6)], 0, {
      width,
      storeys,
      depth: 7,
      hasShop,
      isLit,
      isGabled: storeys === 1,
    });
    x += width + gap;
  }
}

function trees(clip, places, wind = 0) {
  for (const place of places) {
    const height = clip.random.range(4.2, 5.8);
    tree(clip.world, clip.random, place, { height, spread: height * 0.55, wind });
  }
}

/**
 * A crossing: the main road runs across the picture, a side road away from the camera at `cross`.
 * Traffic keeps to the right, so the near lane runs to the right and the far one to the left.
 * @returns where the lanes are: `near` and `far` (d), `up` and `down` (x; away from the camera and towards it)
 */
export function crossing(clip, { near = 12.6, cross = 3, width = 7.4, side = 6.6, isLit = false, wind } = {}) {
  const { world, random } = clip;
  const far = near + width;
  const [left, right] = [cross - side / 2, cross + side / 2];
  surroundings(world, random, "earth");
  floor(world, random, random.pick(["paving", "concrete", "brick"]), [-45, 45, 0, far + 6], { y: 0, stains: 0.25 });
  floor(world, random, "asphalt", [-60, 60, near, far], { y: 0.02, colour: ASPHALT, stains: 0.3 });
  floor(world, random, "asphalt", [left, right, far, 90], { y: 0.02, colour: ASPHALT, stains: 0.3 });
  const middle = near + width / 2;
  line(world, [-60, middle], [left - 1, middle], { dash: 2.5 });
  line(world, [right + 1, middle], [60, middle], { dash: 2.5 });
  line(world, [cross, far + 3], [cross, 80], { dash: 2.5, colour: hex(0xc8a028) });
  line(world, [-60, near + 0.2], [60, near + 0.2], { colour: grey(0.65) });
  line(world, [left + 0.2, far + 2], [cross - 0.1, far + 2], { width: 0.3 });
  zebra(world, [left - 5, left - 2, near + 0.2, far - 0.2], false);
  houses(clip, far + 10, { from: right + 1.5, isLit });
  houses(clip, far + 10, { from: -40, to: left - 9, isLit });
  trees(
    clip,
    [
      [left - 7, far + 3],
      [right + 5, far + 2.6],
      [right + 13, far + 3],
      [left - 15, far + 2.8],
    ],
    wind,
  );
  utilityPole(world, random, [right + 1.2, far + 1.4]);
  lampPost(world, random, [left - 1.2, far + 1], { height: 6.5, isLit, yaw: 0 });
  if (isLit) {
    lampPost(world, random, [right + 7, near - 1.5], { height: 6.5, isLit, yaw: Math.PI });
    lampPost(world, random, [left - 8, near - 1.5], { height: 6.5, isLit, yaw: Math.PI });
  }
  sign(world, random, [right + 1.4, far + 0.6]);
  bin(world, random, [right + 3, far + 1.6]);
  const carriageway = [
    [-13, near],
    [16, near],
    [16, far],
    [right, far],
    [right, far + 12],
    [left, far + 12],
    [left, far],
    [-13, far],
  ];
  clip.zone("carriageway", "行车道 Carriageway", carriageway);
  const quarter = width / 4;
  return {
    near: near + quarter,
    far: far - quarter,
    up: cross + side / 4,
    down: cross - side / 4,
    edge: near,
    back: far,
    left,
    right,
    east: (d) => [
      [-60, d],
      [60, d],
    ],
    west: (d) => [
      [60, d],
      [-60, d],
    ],
  };
}

/**
 * A street that runs away from the camera, which hangs over its left pavement; traffic comes on the left and goes on the
 * right. @returns `{left, right}` edges, lanes `{coming, going}` (x)
 */
export function street(clip, { left = -1.6, width = 7, isLit = false, wind } = {}) {
  const { world, random } = clip;
  const right = left + width;
  surroundings(world, random, "earth");
  floor(world, random, random.pick(["paving", "concrete", "brick"]), [left - 6, right + 6, 0, 90], {
    y: 0,
    stains: 0.3,
  });
  floor(world, random, "asphalt", [left, right, -4, 110], { y: 0.02, colour: ASPHALT, stains: 0.3 });
  const middle = (left + right) / 2;
  line(world, [middle, 2], [middle, 90], { dash: 2.5, colour: hex(0xc8a028) });
  for (const x of [left + 0.2, right - 0.2]) line(world, [x, 2], [x, 90], { colour: grey(0.65) });
  zebra(world, [left + 0.2, right - 0.2, 25, 28], true);
  for (const [edge, turn] of [
    [left - 11, Math.PI / 2],
    [right + 11, -Math.PI / 2],
  ])
    for (let d = 12; d < 70; d += random.range(10.5, 13))
      house(world, random, [edge, d], turn, {
        width: 10,
        depth: 8,
        storeys: random.int(1, 3),
        hasShop: true,
        isGabled: false,
        isLit,
      });
  trees(
    clip,
    [
      [left - 3, 15],
      [left - 3.2, 26],
      [right + 2.6, 21],
      [right + 2.8, 34],
      [right + 2.6, 48],
    ],
    wind,
  );
  for (const d of [13, 29, 45]) lampPost(world, random, [right + 1, d], { height: 6.5, isLit, yaw: -Math.PI / 2 });
  bin(world, random, [right + 1.6, 17]);
  clip.zone("carriageway", "行车道 Carriageway", [
    [left, 7],
    [right, 7],
    [right, 40],
    [left, 40],
  ]);
  const quarter = width / 4;
  return {
    left,
    right,
    coming: left + quarter,
    going: right - quarter,
    away: (x) => [
      [x, -30],
      [x, 110],
    ],
    towards: (x) => [
      [x, 110],
      [x, -30],
    ],
  };
}

/** A paved square with benches and trees around it. @returns `{bench}`: ground point before the left bench's seat */
export function plaza(clip, { back = 23, surface, isLit = false, wind } = {}) {
  const { world, random } = clip;
  surroundings(world, random, "grass");
  floor(world, random, surface ?? random.pick(["paving", "bigslab", "brick", "tiles"]), [-24, 24, 0, back], {
    y: 0,
    stains: 0.25,
  });
  floor(world, random, "asphalt", [-60, 60, back + 1.5, back + 7], { y: 0.01, colour: ASPHALT });
  houses(clip, back + 13, { isLit });
  trees(
    clip,
    [
      [-9.5, 17],
      [9.8, 16.5],
      [-13, back],
      [-4, back + 0.4],
      [5, back + 0.2],
      [13.5, back],
    ],
    wind,
  );
  bench(world, random, [-6.2, 15], Math.PI / 2);
  bench(world, random, [6.6, 19.5], 0);
  bin(world, random, [-6.4, 17]);
  lampPost(world, random, [7.5, 13.5], { height: 5.5, isLit });
  lampPost(world, random, [-7.6, 20], { height: 5.5, isLit });
  for (let x = -12; x <= 12; x += 3) bollard(world, random, [x, back + 0.9]);
  clip.zone("square", "广场 Square", [
    [-8.6, 7.6],
    [8.6, 7.6],
    [11, 21.5],
    [-11, 21.5],
  ]);
  return { bench: [-6.2, 15], back };
}

/** Shop fronts with a broad pavement and a kerb. @returns `{kerb, front}` (d) */
export function frontage(clip, { kerb = 8.2, front = 16, isLit = false } = {}) {
  const { world, random } = clip;
  surroundings(world, random, "concrete");
  floor(world, random, random.pick(["paving", "tiles", "brick"]), [-45, 45, kerb, front + 2], {
    y: 0.02,
    stains: 0.25,
  });
  floor(world, random, "asphalt", [-60, 60, 0, kerb], { y: 0, colour: ASPHALT, stains: 0.3 });
  line(world, [-60, kerb - 0.4], [60, kerb - 0.4], { colour: grey(0.65) });
  houses(clip, front + 3.5, { isLit });
  trees(clip, [
    [-10.5, kerb + 1.2],
    [11, kerb + 1.2],
  ]);
  bench(world, random, [5.4, front - 1.6], 0);
  bin(world, random, [7.4, front - 1.2]);
  heap(world, random, [-7.6, front - 1.2]);
  lampPost(world, random, [3.4, kerb + 0.6], { height: 5.5, isLit, yaw: Math.PI });
  lampPost(world, random, [-6.4, kerb + 0.6], { height: 5.5, isLit, yaw: Math.PI });
  clip.parked(makeCar(random, "hatchback"), [12.6, kerb - 1.4], [1, 0.02]);
  clip.zone("pavement", "店前人行道 Shop front", [
    [-7.5, kerb + 0.2],
    [8, kerb + 0.2],
    [9.5, front - 0.2],
    [-9, front - 0.2],
  ]);
  return { kerb, front };
}

/** A yard behind a wall, beside a lane; for the night. */
export function yard(clip, { wind = 0 } = {}) {
  const { world, random } = clip;
  surroundings(world, random, "earth");
  floor(world, random, "concrete", [-7, -2.4, -4, 70], { y: 0.01, colour: hex(0x9a978f), stains: 0.3 });
  floor(world, random, "cobble", [-1.5, 11, 2, 19.5], { y: 0.01, colour: hex(0x8f8a80) });
  wall(world, random, [-1.5, 14.5], [-1.5, 19.6], { height: 1.4, texture: "brick" });
  wall(world, random, [-1.5, 19.6], [11, 19.6], { height: 2, texture: "brick" });
  wall(world, random, [-9, 5], [-9, 40], { height: 2.2, texture: "plaster" });
  house(world, random, [5, 25], 0, { width: 12, depth: 6, storeys: 2, hasShop: false });
  house(world, random, [-15, 22], Math.PI / 2, { width: 12, depth: 7, storeys: 1 });
  tree(world, random, [9, 17], { height: 4.4, spread: 2.4, wind });
  bush(world, random, [10, 9], 0.8);
  utilityPole(world, random, [-7.8, 16]);
  heap(world, random, [1.4, 18.2]);
  clip.zone("yard", "院内 Yard", [
    [-0.9, 7],
    [7.4, 7],
    [8.4, 17],
    [-0.9, 17],
  ]);
}
