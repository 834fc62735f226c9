/** Nothing happens: trees move, a dog trots about, traffic and two people pass outside the gate. */
import { house, wall } from "../buildings.js";
import { hex } from "../colour.js";
import { rectangle } from "../ground.js";
import { WEATHERS } from "../light.js";
import { floor, line, surroundings } from "../places/ground.js";
import { bush, tree } from "../plants.js";
import { decoy, laundry } from "../props/market.js";
import { bench, bollard, sign } from "../props/street.js";
import { makeCar } from "../vehicles/cars.js";
import { makeCycle } from "../vehicles/cycles.js";
import { Loop } from "./loop.js";

export function villageGateQuiet(size) {
  const loop = new Loop(
    {
      name: "village_gate_quiet",
      title: "村口大门 Village gate",
      place: "village",
      seconds: 32,
      seed: 61,
      view: { height: 5.6, pitch: 22, fov: 44 },
      clock: "2026-06-14 13:20:00",
      weather: { ...WEATHERS.sun, azimuth: -150, elevation: 58 },
      shadows: { centre: [0, 13], radius: 17 },
    },
    size,
  );
  const { world, random } = loop;
  surroundings(world, random, "grass");
  floor(world, random, "concrete", [-9, 9, 2, 15], { y: 0.0, colour: hex(0xaaa69c), stains: 0.25 });
  floor(world, random, "asphalt", [-70, 70, 17.6, 23.6], { y: 0.02, colour: hex(0x77797c), stains: 0.25 });
  floor(world, random, "earth", [-70, 70, 14.8, 17.6], { y: 0.01, colour: hex(0xa08c68) });
  floor(world, random, "concrete", [-2.4, 2.4, 14.4, 17.7], { y: 0.025, colour: hex(0xaaa69c) });
  line(world, [-70, 20.6], [70, 20.6], { dash: 2.5, y: 0.035 });
  const low = { height: 0.75, texture: "plaster" };
  wall(world, random, [-14, 14.6], [-2.6, 14.6], low);
  wall(world, random, [2.6, 14.6], [14, 14.6], low);
  for (const x of [-2.6, 2.6])
    world
      .batch("brick")
      .box([x, 0, -14.6], [0.6, 2.3, 0.6], { paint: { colour: [0.36, 0.16, 0.1], gloss: 0, glow: 0, cell: 0 } });
  for (const [x, d, width] of [
    [-18, 31, 11],
    [-4, 32, 10],
    [10, 31.5, 11],
    [24, 32, 12],
  ])
    house(world, random, [x, d], 0, { width, depth: 7, isGabled: true, hasShop: false });
  for (const [x, d, height] of [
    [-7.6, 12.4, 5],
    [7.4, 12.9, 5.5],
    [-11, 26, 7],
    [3.6, 26.5, 6.5],
    [17, 26, 7],
  ])
    tree(world, random, [x, d], { height, spread: height * 0.62, wind: 0.3 });
  for (const x of [-6, -4.8, 5]) bush(world, random, [x, 13.8], 0.6);
  bench(world, random, [-7.3, 9.4], Math.PI / 2);
  sign(world, random, [3.6, 15.6]);
  bollard(world, random, [-1.9, 15.6]);
  bollard(world, random, [1.9, 15.6]);
  laundry(world, random, [6.4, 9.2], -0.5);
  decoy(world, random, [-4.6, 12.2]);
  loop.parked(makeCar(random, "hatchback"), [3.1, 11.2], [0.15, 1]);

  loop.zone("inside-gate", "大门内 Inside the gate", rectangle(-6.6, 6.6, 7.4, 14.1));
  loop.animal("dog", {
    start: 2,
    speed: 1.2,
    steps: [
      [-5, 8.6],
      [-1.5, 9.8],
      { stay: 3 },
      [0.6, 12.6],
      { stay: 2.5 },
      { speed: 1.8 },
      [-3.4, 10.4],
      { stay: 4 },
      { speed: 1.2 },
      [0.2, 8.8],
      { stay: 3 },
      [-4.6, 9.4],
      { stay: 20 },
    ],
  });
  loop.driver(makeCar(random, "sedan"), {
    start: 4,
    speed: 8,
    steps: [
      [-42, 19.1],
      [44, 19.1],
    ],
  });
  loop.driver(
    makeCycle(random, "ebike"),
    {
      start: 14,
      speed: 5,
      steps: [
        [40, 22],
        [-40, 22],
      ],
    },
    { rider: {} },
  );
  loop.walker({
    start: 3,
    speed: 1.2,
    steps: [
      [-20, 16.3],
      [22, 16.5],
    ],
  });
  loop.walker({
    start: 3.4,
    speed: 1.2,
    steps: [
      [-20.6, 17.0],
      [22, 17.2],
    ],
  });
  const people = { classes: [0], zone: "inside-gate", clear: 4 };
  loop.rule({ ...people, id: "nobody-inside", kind: "intrusion", limit: 1, hold: 2, level: "orange" }, [], "");
  loop.rule({ ...people, id: "crowd", kind: "crowding", limit: 3, hold: 3, level: "yellow" }, [], "");
  return loop;
}
