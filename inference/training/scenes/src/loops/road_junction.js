/** An overcast junction: traffic passes, and one person walks into the fenced road works. */
import { house } from "../buildings.js";
import { grey, hex } from "../colour.js";
import { rectangle } from "../ground.js";
import { WEATHERS } from "../light.js";
import { floor, line, surroundings, zebra } from "../places/ground.js";
import { tree } from "../plants.js";
import { heap } from "../props/market.js";
import { cone, fence, lampPost, sign, utilityPole } from "../props/street.js";
import { makeCar } from "../vehicles/cars.js";
import { makeCycle, makeTricycle } from "../vehicles/cycles.js";
import { makeBus, makeTruck } from "../vehicles/heavy.js";
import { Loop } from "./loop.js";

export function roadJunction(size) {
  const loop = new Loop(
    {
      name: "road_junction",
      title: "东街路口（H.265） East street junction",
      place: "junction",
      seconds: 36,
      seed: 23,
      view: { height: 7, pitch: 23, fov: 46 },
      clock: "2026-04-09 15:31:00",
      weather: WEATHERS.overcast,
      shadows: { centre: [0, 15], radius: 19 },
    },
    size,
  );
  const { world, random } = loop;
  surroundings(world, random, "earth");
  floor(world, random, "paving", [-45, 45, 0, 26], { y: 0, colour: hex(0xa8a29a), stains: 0.2 });
  floor(world, random, "asphalt", [-60, 60, 13, 20.4], { y: 0.02, colour: hex(0x6e7074), stains: 0.25 });
  floor(world, random, "asphalt", [5, 11.5, 20.4, 90], { y: 0.02, colour: hex(0x6e7074), stains: 0.25 });
  line(world, [-60, 16.7], [4, 16.7], { dash: 2.5, y: 0.035 });
  line(world, [12.5, 16.7], [60, 16.7], { dash: 2.5, y: 0.035 });
  for (const d of [13.25, 20.15]) line(world, [-60, d], [d > 20 ? 4.6 : 60, d], { y: 0.035, colour: grey(0.65) });
  line(world, [8.25, 24], [8.25, 80], { dash: 2.5, y: 0.035, colour: hex(0xc8a028) });
  line(world, [5.2, 22.6], [8.1, 22.6], { width: 0.3, y: 0.035 });
  zebra(world, [-4.2, -1, 13.3, 20.2], false);
  for (const [x, width, storeys] of [
    [-30, 12, 2],
    [-17.4, 12.4, 2],
    [-5, 11.6, 3],
    [20, 12, 2],
    [33, 12, 1],
  ])
    house(world, random, [x, 30], 0, { width, storeys, depth: 8, hasShop: true, isGabled: storeys === 1 });
  for (const [x, d, height] of [
    [-12, 23.6, 5],
    [-2, 24, 4.6],
    [14.5, 24, 5],
    [22, 23, 5.5],
    [-15, 9.5, 5],
  ])
    tree(world, random, [x, d], { height, spread: height * 0.55 });
  utilityPole(world, random, [12.6, 22]);
  lampPost(world, random, [3.6, 21.6], { height: 6.5, yaw: 0 });
  sign(world, random, [4.2, 22.4]);

  const works = rectangle(-8.4, -2.6, 8.1, 12.1);
  for (const [a, b] of [
    [
      [-8.4, 8.1],
      [-2.6, 8.1],
    ],
    [
      [-8.4, 12.1],
      [-2.6, 12.1],
    ],
    [
      [-8.4, 8.1],
      [-8.4, 12.1],
    ],
    [
      [-2.6, 8.1],
      [-2.6, 9.3],
    ],
    [
      [-2.6, 11.3],
      [-2.6, 12.1],
    ],
  ])
    fence(world, random, a, b, "barrier", { height: 1 });
  floor(world, random, "earth", [-7.9, -4.6, 8.6, 11.6], { y: 0.03, colour: hex(0x8a6c4a) });
  world.batch("earth").ball([-7, 0, -10.9], [0.9, 0.55, 0.7], {
    paint: { colour: [0.28, 0.2, 0.12], gloss: 0, glow: 0, cell: 0 },
    metric: 2,
  });
  for (const place of [
    [-2.3, 8.2],
    [-2.3, 12.4],
    [-8.8, 12.5],
  ])
    cone(world, random, place);
  heap(world, random, [-7.2, 9.1]);

  loop.zone("works", "施工围挡内 Road works", works);
  traffic(loop);
  loop.walker({
    start: -5,
    speed: 1.2,
    steps: [
      [14, 11.4],
      [1.5, 11.2],
      [1.2, 3],
    ],
  });
  loop.walker({
    start: 3,
    speed: 1.25,
    steps: [
      [-20, 22.2],
      [3.4, 22],
    ],
    options: {},
  });
  loop.walker({
    start: 23,
    speed: 1.2,
    steps: [
      [3, 2],
      [3.2, 9.5],
      [14, 10.5],
    ],
  });
  loop.walker({
    start: 4.2,
    speed: 1.3,
    steps: [
      [5.5, 10.3],
      [-2.6, 10.3],
      [-4.9, 10.2],
      { stay: 6.6, facing: [-6.6, 10.4] },
      [-2.6, 10.3],
      [6, 10],
      [16, 10.2],
    ],
  });
  loop.rule(
    { id: "keep-out", kind: "intrusion", zone: "works", limit: 1, classes: [0], hold: 2, clear: 4, level: "blue" },
    [{ begin: 10.5, end: 20.6 }],
    "a person walks into the fenced road works, stands there and leaves",
  );
  return loop;
}

/** Keeps to the right: the near lane runs to the right, the far one to the left. */
function traffic(loop) {
  const { random } = loop;
  const near = 14.9;
  const far = 18.5;
  const along = (d, direction) =>
    direction > 0
      ? [
          [-34, d],
          [36, d],
        ]
      : [
          [36, d],
          [-34, d],
        ];
  loop.driver(makeCar(random, "sedan"), { start: -2.2, speed: 8, steps: along(near, 1) });
  loop.driver(makeBus(random, { length: 10 }), { start: 3.5, speed: 7, steps: along(far, -1) });
  loop.driver(makeCycle(random, "ebike"), { start: 2.5, speed: 5, steps: along(14, 1) }, { rider: {}, pillion: {} });
  loop.driver(makeCar(random, "suv"), { start: 11.5, speed: 8, steps: along(near, 1) });
  loop.driver(makeCycle(random, "bicycle"), { start: 7, speed: 3.6, steps: along(19.5, -1) }, { rider: {} });
  loop.driver(makeTruck(random, "flatbed"), { start: 17, speed: 6.5, steps: along(near, 1) });
  loop.driver(makeTricycle(random), { start: 17.5, speed: 5, steps: along(19, -1) }, { rider: {} });
  loop.driver(makeCar(random, "hatchback"), {
    start: 5,
    speed: 6,
    steps: [[6.7, 60], [6.7, 25.4], { stay: 5 }, [6.7, 21], [4, 18.4], [-34, 18.5]],
  });
  loop.driver(makeCycle(random, "motorcycle"), { start: 26, speed: 7.5, steps: along(14.6, 1) }, { rider: {} });
  loop.driver(makeCar(random, "minivan"), { start: 27, speed: 7.5, steps: along(far, -1) });
}
