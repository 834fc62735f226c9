/** A market at dusk in light rain: twice a group gathers at a stall. */
import { house } from "../buildings.js";
import { hex } from "../colour.js";
import { rectangle } from "../ground.js";
import { WEATHERS } from "../light.js";
import { floor, surroundings } from "../places/ground.js";
import { tree } from "../plants.js";
import { heap, stall } from "../props/market.js";
import { bin, lampPost } from "../props/street.js";
import { makeTricycle } from "../vehicles/cycles.js";
import { makeTruck } from "../vehicles/heavy.js";
import { Loop } from "./loop.js";

export function marketRain(size) {
  const loop = new Loop(
    {
      name: "market_rain",
      title: "农贸市场（H.265） Market",
      place: "crowded",
      seconds: 40,
      seed: 57,
      view: { height: 6.4, pitch: 25, fov: 43 },
      clock: "2026-10-11 17:48:00",
      weather: {
        ...WEATHERS.rain,
        ambient: 0.8,
        sky: 0x93a6c4,
        horizon: 0x7a8698,
        zenith: 0x5a6880,
        wetness: 0.45,
        fog: 0.006,
        glow: 0.55,
      },
      shadows: { centre: [0, 14], radius: 17 },
      sensor: {
        rain: 0.012,
        lumaNoise: 0.007,
        chromaNoise: 0.004,
        saturation: 0.95,
        contrast: 1.18,
        exposure: 0.8,
        tint: [0.98, 0.99, 1.04],
      },
    },
    size,
  );
  const { world, random } = loop;
  surroundings(world, random, "earth");
  floor(world, random, "concrete", [-34, 34, 0, 28], { y: 0, colour: hex(0x8f8d88), stains: 0.35 });
  floor(world, random, "paving", [-7.2, 7.2, 8, 19.4], { y: 0.02, colour: hex(0xa09488), stains: 0.3 });
  for (const [x, width] of [
    [-23, 12],
    [-10.5, 12],
    [2, 12],
    [14.4, 12],
    [27, 12],
  ])
    house(world, random, [x, 30], 0, { width, storeys: 2, depth: 7, hasShop: true, isLit: true, isGabled: false });
  for (const [x, d, yaw] of [
    [-10, 11, Math.PI / 2],
    [-10, 15, Math.PI / 2],
    [-10, 19, Math.PI / 2],
    [10, 12, -Math.PI / 2],
    [10.2, 16.5, -Math.PI / 2],
    [-4.5, 21.8, 0],
    [0.2, 22, 0],
    [4.8, 21.8, 0],
  ])
    stall(world, random, [x, d], yaw, { roof: true });
  tree(world, random, [-14, 24.5], { height: 5, spread: 3 });
  lampPost(world, random, [7.8, 20.5], { height: 5.6, isLit: false });
  heap(world, random, [-8.6, 21.6]);
  bin(world, random, [8.4, 9.2]);
  loop.parked(makeTricycle(random), [-13.4, 21], [0.3, 1]);
  loop.parked(makeTruck(random, "light"), [14, 22.5], [1, 0.1]);

  const zone = loop.zone("market", "市场空地 Market floor", rectangle(-7, 7, 8.3, 19.3));
  loop.walker(
    {
      start: -3,
      speed: 1.15,
      steps: [[-8, 3], [-7.9, 20.2], [-2.3, 20.5], { stay: 4, facing: [-2.3, 23] }, [-16, 24]],
    },
    { rain: true },
  );
  loop.walker({ start: 1, speed: 1.2, steps: [[16, 20.2], [2.5, 20.4], { stay: 6, facing: [2.4, 23] }, [18, 25]] });
  loop.walker({ start: 13, speed: 1.1, steps: [[8, 2], [7.9, 14.5], { stay: 8, facing: [10.5, 14.5] }, [8, 24]] });
  loop.walker(
    {
      start: 25,
      speed: 1.2,
      steps: [
        [-18, 20.3],
        [18, 20.6],
      ],
    },
    { rain: true },
  );
  const first = [
    { from: [-10.5, 9.2], spot: [-3.5, 10.9], to: [-12, 7.5] },
    { from: [-11, 13.2], spot: [-3.6, 12.8], to: [-12, 13] },
    { from: [-4.5, 24], spot: [-2.6, 13.9], to: [-5.4, 24.5] },
    { from: [-2.2, 2.8], spot: [-1.9, 10.3], to: [-2.4, 2] },
    { from: [-0.5, 24], spot: [-1.2, 13.6], to: [-1.6, 24.5] },
    { from: [1, 2.6], spot: [-0.6, 11.0], to: [0.6, 2] },
    { from: [-6.5, 2.6], spot: [-2.9, 9.9], to: [-5.8, 2] },
  ];
  const second = [
    { from: [11.5, 9.9], spot: [4.2, 11.6], to: [12, 9.9] },
    { from: [12, 14.2], spot: [4.5, 13.4], to: [12, 14.4] },
    { from: [5, 24], spot: [3.6, 15.0], to: [6.3, 24.5] },
    { from: [3, 2.6], spot: [2.6, 11.2], to: [2.6, 2] },
    { from: [1.2, 24], spot: [2.2, 15.2], to: [1.8, 24.5] },
    { from: [0.4, 2.6], spot: [1.4, 12.2], to: [-0.4, 2] },
    { from: [6.2, 2.8], spot: [3.6, 10.4], to: [6, 2] },
    { from: [-2.4, 24], spot: [1.2, 14.0], to: [-2.4, 24.5] },
  ];
  const rule = {
    id: "crowd",
    kind: "crowding",
    zone: "market",
    limit: 5,
    classes: [0],
    hold: 3,
    clear: 4,
    level: "yellow",
  };
  loop.gathering(zone, first, { enter: 5, leave: 15, facing: [-2.2, 12], spread: 0.6 });
  loop.gathering(zone, second, { enter: 23.6, leave: 33, facing: [2.9, 13.2], spread: 0.6 });
  loop.rule(
    rule,
    [
      { begin: 5, end: 15 },
      { begin: 23.6, end: 33 },
    ],
    "people gather on the market floor and part again",
  );
  return loop;
}
