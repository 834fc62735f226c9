/** A sunny square: some stroll, then nine people gather around a stone table. */
import { house } from "../buildings.js";
import { hex } from "../colour.js";
import { rectangle } from "../ground.js";
import { WEATHERS } from "../light.js";
import { floor, surroundings } from "../places/ground.js";
import { bush, hedge, tree } from "../plants.js";
import { stoneTable } from "../props/market.js";
import { bench, bin, bollard, lampPost, sign } from "../props/street.js";
import { makeCar } from "../vehicles/cars.js";
import { makeCycle } from "../vehicles/cycles.js";
import { Loop } from "./loop.js";

export function villageSquare(size) {
  const loop = new Loop(
    {
      name: "village_square",
      title: "镇广场 Village square",
      place: "crowded",
      seconds: 36,
      seed: 11,
      view: { height: 6.6, pitch: 24, fov: 43 },
      clock: "2026-05-18 09:12:00",
      weather: { ...WEATHERS.sun, azimuth: 145, elevation: 48 },
      shadows: { centre: [0, 14], radius: 17 },
    },
    size,
  );
  const { world, random } = loop;
  surroundings(world, random, "grass");
  floor(world, random, "concrete", [-34, 34, 0, 29], { y: 0, colour: hex(0xa39f97), stains: 0.2 });
  floor(world, random, "bigslab", [-6.4, 6.4, 8.4, 20], { y: 0.02, colour: hex(0xc4b8a8), stains: 0.18 });
  for (const [x, width, storeys] of [
    [-22, 11, 2],
    [-10.2, 11, 1],
    [1.5, 11.5, 2],
    [13.6, 11.6, 2],
    [26, 12, 1],
  ]) {
    house(world, random, [x, 31.5], 0, { width, storeys, depth: 7, hasShop: storeys === 2, isGabled: storeys === 1 });
  }
  for (const [x, d, height] of [
    [-11, 22, 6],
    [-10.5, 14, 5],
    [10.8, 20, 6.5],
    [12, 12.5, 5],
    [-4, 25.5, 5.5],
    [5.5, 26, 5],
  ])
    tree(world, random, [x, d], { height, spread: height * 0.6, wind: 0.12 });
  hedge(world, random, [-9, 26.5], [-6, 26.5]);
  hedge(world, random, [7.5, 26.5], [10, 26.5]);
  bush(world, random, [9, 9.2], 0.9);
  for (const d of [10.5, 17]) bench(world, random, [-8.2, d], Math.PI / 2);
  bench(world, random, [8.2, 16], -Math.PI / 2);
  bin(world, random, [-8.2, 13.6]);
  sign(world, random, [7.8, 19.5]);
  for (const x of [-5.6, -2.8, 0, 2.8, 5.6]) bollard(world, random, [x, 21.2]);
  lampPost(world, random, [-7.6, 21], { height: 6 });
  stoneTable(world, [0.2, 14.1]);
  loop.parked(makeCar(random, "minivan"), [14.5, 24.5], [1, 0]);
  loop.parked(makeCar(random, "sedan"), [-15, 25], [-1, 0.05]);
  loop.parked(makeCycle(random, "ebike"), [7.9, 11.5], [-0.8, 0.6], 0.12);

  const zone = loop.zone("square", "广场铺装 Paved square", rectangle(-6.2, 6.2, 8.6, 19.8));
  loop.walker({
    start: -6,
    speed: 1.1,
    steps: [
      [-9.5, 23],
      [9.4, 22.6],
      [20, 22],
    ],
  });
  loop.walker({
    start: -4,
    speed: 1.2,
    steps: [
      [-7.4, 7],
      [-7.2, 12],
      [-7.3, 24],
      [-12, 27],
    ],
  });
  loop.walker({
    start: -3,
    speed: 1.15,
    steps: [
      [4.5, 26],
      [4.2, 18],
      [7.4, 12.5],
      [7.6, 3],
    ],
  });
  loop.walker({
    start: 21.5,
    speed: 1.2,
    steps: [
      [14, 23.5],
      [-14, 23],
    ],
  });
  loop.walker({
    start: 27,
    speed: 1.15,
    steps: [
      [7.3, 3],
      [7.2, 15],
      [9, 24],
    ],
  });
  const members = [
    { from: [-12, 12], spot: [-2.9, 13.4], to: [-12.5, 15] },
    { from: [-11, 17.5], spot: [-2.1, 15.4], to: [-12, 21] },
    { from: [-5, 24.5], spot: [-1.2, 12.2], to: [-3.4, 3] },
    { from: [-1.5, 26], spot: [-0.5, 16.2], to: [-2, 27] },
    { from: [3, 26], spot: [0.6, 16.1], to: [2.8, 27] },
    { from: [1.5, 2.5], spot: [0.6, 11.8], to: [1.4, 2] },
    { from: [12, 20.5], spot: [1.7, 15.7], to: [12.5, 19] },
    { from: [4.5, 3], spot: [2.2, 12.6], to: [5, 2.5] },
    { from: [12.5, 14.5], spot: [3.1, 14.1], to: [12.5, 11] },
  ];
  loop.gathering(zone, members, { enter: 9, leave: 25, facing: [0.2, 14.2] });
  loop.rule(
    { id: "crowd", kind: "crowding", zone: "square", limit: 5, classes: [0], hold: 3, clear: 4, level: "yellow" },
    [{ begin: 9, end: 25 }],
    "nine people gather around the table in the middle of the square",
  );
  return loop;
}
