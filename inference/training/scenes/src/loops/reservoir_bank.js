/** A hazy reservoir: a stroller stays on the embankment, a dog runs at the water, two people go down to it. */
import { hex } from "../colour.js";
import { at, rectangle } from "../ground.js";
import { WEATHERS } from "../light.js";
import { floor, water } from "../places/ground.js";
import { tree, tufts } from "../plants.js";
import { bench, boat, fence, lampPost, rock, sign } from "../props/street.js";
import { paint } from "../shape.js";
import { Loop } from "./loop.js";

/** Height of the platform at the water, metres. */
export const LOW = -1.2;

export function reservoirBank(size) {
  const loop = new Loop(
    {
      name: "reservoir_bank",
      title: "水库东岸 Reservoir east bank",
      place: "reservoir",
      seconds: 38,
      seed: 31,
      view: { height: 6.2, pitch: 22, fov: 43 },
      clock: "2026-07-02 17:05:00",
      weather: WEATHERS.haze,
      shadows: { centre: [0, 14], radius: 18 },
    },
    size,
  );
  reservoirPlace(loop);
  loop.zone("shore", "水边 Water edge", rectangle(-9.4, 9.4, 14.5, 17.1), LOW);
  loop.walker({
    start: -4,
    speed: 1.15,
    steps: [
      [-15, 9],
      [16, 9.4],
    ],
  });
  loop.walker({
    start: 20,
    speed: 1.1,
    steps: [
      [16, 9.2],
      [-16, 8.9],
    ],
  });
  loop.animal("dog", {
    start: -1,
    speed: 1.6,
    steps: [
      [7.5, 15.4],
      [3.5, 16.4],
      { stay: 1.5 },
      { speed: 2.6 },
      [-6, 15.4],
      [-7.6, 16.5],
      { stay: 2 },
      [-3, 16],
      { speed: 1.4 },
      [4, 15.3],
      { stay: 3 },
      { speed: 2.4 },
      [7.8, 16],
      [2.4, 15.2],
      { stay: 2 },
      [-5, 16.4],
      { stay: 4 },
      { speed: 1.3 },
      [6, 15.6],
    ],
  });
  const visit = (enter, stay, spot, from, to) => {
    const speed = 1.2;
    const before = [from, [0, 10.3], [0, 14.5]];
    let length = 0;
    for (let i = 1; i < before.length; i++)
      length += Math.hypot(before[i][0] - before[i - 1][0], before[i][1] - before[i - 1][1]);
    loop.walker({
      start: enter - length / speed,
      speed,
      steps: [from, [0, 10.3], [0, 14.5], spot, { stay, facing: [spot[0] * 2, 24] }, [0, 14.5], [0, 10.3], to],
    });
  };
  visit(6.2, 5.4, [-2.4, 16.2], [-13, 9.8], [-14, 9.6]);
  visit(22, 4.6, [2.2, 16.1], [13, 10.2], [14, 10]);
  const rule = {
    id: "at-the-water",
    kind: "intrusion",
    zone: "shore",
    limit: 1,
    classes: [0],
    hold: 2,
    clear: 4,
    level: "red",
  };
  loop.rule(
    rule,
    [
      { begin: 6.2, end: 16 },
      { begin: 22, end: 30.8 },
    ],
    "a person goes down the steps to the edge of the water and comes back",
  );
  return loop;
}

/**
 * An embankment with a railing, steps through it down to a platform at the water, `LOW` metres high; the zone there is
 * for the loop to draw.
 */
export function reservoirPlace(loop) {
  const { world, random } = loop;
  floor(world, random, "grass", [-60, 60, -6, 11.2], { y: -0.02 });
  floor(world, random, "concrete", [-60, 60, 7.6, 11.2], { y: 0.01, colour: hex(0xb0aa9e), stains: 0.2 });
  bank(world, random);
  water(world, random, [-90, 90, 17.2, 150], { y: LOW - 0.2, colour: hex(0x4a6a66) });
  for (let i = 0; i < 24; i++) {
    const x = -120 + i * 10.5;
    world.batch("leaves").ball(at(x, 135 + random.range(0, 20), -3), [random.range(12, 20), random.range(6, 16), 12], {
      paint: paint(hex(0x5f7358)),
      metric: 6,
    });
  }
  fence(world, random, [-40, 11.1], [-1.7, 11.1], "rail", { height: 1.0, colour: hex(0xd8d8d2) });
  fence(world, random, [1.7, 11.1], [40, 11.1], "rail", { height: 1.0, colour: hex(0xd8d8d2) });
  sign(world, random, [2.4, 11.6]);
  bench(world, random, [-5.5, 8.0], Math.PI);
  lampPost(world, random, [7.5, 11.4], { height: 5.5, yaw: Math.PI });
  for (const [x, d] of [
    [-8.6, 15.6],
    [8.8, 16.4],
    [5.9, 16.9],
  ])
    rock(world, random, [x, d], 0.4, LOW);
  tufts(world, random, [-16, -9.5, 16, 17.6], 22, 0.5, LOW);
  boat(world, random, [6.6, 19.4], 1.2, LOW - 0.2);
  boat(world, random, [-9, 24], 0.4, LOW - 0.2);
  tree(world, random, [-13, 9.2], { height: 6, spread: 3.6 });
  tree(world, random, [13.5, 9.6], { height: 5.5, spread: 3.4 });

  // Down the steps the ground falls to the platform at the water.
  loop.floorAt = ([, d]) => LOW * Math.min(1, Math.max(0, (d - 11.2) / 3.2));
}

/** The slope, its steps, and the platform at the water. */
function bank(world, random) {
  const stone = paint(hex(0x9a968c));
  const batch = world.batch("bigslab");
  for (const [x0, x1] of [
    [-60, -1.6],
    [1.6, 60],
  ])
    batch.patch([at(x0, 11.2), at(x1, 11.2), at(x1, 14.4, LOW), at(x0, 14.4, LOW)], {
      paint: stone,
      span: 2.2,
      cells: [20, 2],
    });
  const steps = 8;
  for (let i = 0; i < steps; i++) {
    const d = 11.2 + (3.2 * (i + 0.5)) / steps;
    world.batch("concrete").box(at(0, d, LOW * ((i + 1) / steps) - 0.3), [3.2, 0.3, 3.2 / steps], {
      paint: paint(hex(i % 2 ? 0xb4afa4 : 0xa8a398)),
    });
  }
  floor(world, random, "concrete", [-60, 60, 14.4, 17.2], { y: LOW, colour: hex(0xa39d90), stains: 0.4 });
  world
    .batch("concrete")
    .patch([at(-60, 17.2, LOW - 0.6), at(60, 17.2, LOW - 0.6), at(60, 17.2, LOW), at(-60, 17.2, LOW)], {
      paint: stone,
    });
}
