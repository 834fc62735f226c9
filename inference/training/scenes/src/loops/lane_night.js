/** A lane at night under infra-red light: a motorcycle passes, someone comes into the yard. */
import { house, wall } from "../buildings.js";
import { hex } from "../colour.js";
import { rectangle } from "../ground.js";
import { WEATHERS } from "../light.js";
import { floor, surroundings } from "../places/ground.js";
import { bush, tree } from "../plants.js";
import { heap } from "../props/market.js";
import { bin, utilityPole } from "../props/street.js";
import { makeCycle, makeTricycle } from "../vehicles/cycles.js";
import { Loop } from "./loop.js";

export function laneNight(size) {
  const loop = new Loop(
    {
      name: "lane_night",
      title: "后街小巷（夜间） Back lane at night",
      place: "village",
      seconds: 34,
      seed: 43,
      view: { height: 5, pitch: 22, fov: 46 },
      clock: "2026-01-22 02:47:00",
      weather: { ...WEATHERS.infrared, key: 130, ambient: 0.25 },
      shadows: { centre: [0, 13], radius: 16 },
      sensor: { saturation: 0, lumaNoise: 0.016, chromaNoise: 0, vignette: 0.3, softness: 0.5, contrast: 1.1 },
    },
    size,
  );
  const { world, random } = loop;
  surroundings(world, random, "earth");
  floor(world, random, "concrete", [-6.2, -2.2, -4, 70], { y: 0.01, colour: hex(0x9a978f), stains: 0.3 });
  floor(world, random, "cobble", [-1.3, 10.5, 3, 18.5], { y: 0.01, colour: hex(0x8f8a80) });
  const brick = { height: 1.5, texture: "brick" };
  wall(world, random, [-1.4, 14.1], [-1.4, 19], brick);
  wall(world, random, [-1.4, 4.6], [-1.4, 10.6], { ...brick, height: 0.9 });
  wall(world, random, [-1.4, 19], [10.5, 19], { ...brick, height: 2 });
  wall(world, random, [-8, 5], [-8, 40], { height: 2.2, texture: "plaster" });
  house(world, random, [5, 24], 0, { width: 12, depth: 6, storeys: 2, hasShop: false });
  house(world, random, [-14, 22], Math.PI / 2, { width: 12, depth: 7, storeys: 1 });
  house(world, random, [-13, 36], Math.PI / 2, { width: 11, depth: 7, storeys: 2 });
  tree(world, random, [8.6, 16.6], { height: 4.6, spread: 2.6, wind: 0.08 });
  bush(world, random, [9.6, 9], 0.9);
  utilityPole(world, random, [-7.2, 17]);
  heap(world, random, [1.4, 17.6]);
  bin(world, random, [-0.4, 16.8]);
  loop.parked(makeTricycle(random), [6.4, 15.4], [-0.9, 0.2]);

  loop.zone("yard", "封闭院内 Closed yard", rectangle(-1.0, 8.4, 7.6, 16.4));
  loop.driver(
    makeCycle(random, "motorcycle"),
    {
      start: -2.4,
      speed: 5,
      steps: [
        [-5.2, 46],
        [-5, 16],
        [-4.8, -8],
      ],
    },
    { rider: {} },
  );
  loop.walker({
    start: -5,
    speed: 1.1,
    steps: [
      [-3, 30],
      [-3, 13.6],
      [-1.2, 12.4],
      [2.6, 11.6],
      { stay: 3, facing: [6.4, 15.4] },
      [-1.2, 12.3],
      [-3.4, 12.8],
      [-3.6, 26],
      [-3.6, 40],
    ],
  });
  const rule = {
    id: "nobody-at-night",
    kind: "intrusion",
    zone: "yard",
    limit: 1,
    classes: [0],
    hold: 2,
    clear: 4,
    level: "orange",
  };
  loop.rule(rule, [{ begin: 12, end: 22.5 }], "a person comes into the closed yard, looks about and leaves");
  return loop;
}
