/** Collisions, and what only looks like one. */
import { WEATHERS } from "../light.js";
import { makeCar } from "../vehicles/cars.js";
import { makeCycle, makeTricycle } from "../vehicles/cycles.js";
import { makeBus } from "../vehicles/heavy.js";
import { Clip } from "./clip.js";
import { crossing, street } from "./places.js";

const HIT = 12;

/** A car hits an electric bicycle that comes out of the side road; its rider lies on the road and people come. */
export function accidentCarEbike(size) {
  const clip = new Clip(
    {
      name: "accident_car_ebike",
      title: "东街路口 East street crossing",
      place: "junction",
      seconds: 36,
      seed: 111,
      view: { height: 7, pitch: 20, fov: 41 },
      clock: "2026-04-09 15:31:00",
      weather: { ...WEATHERS.sun, azimuth: 140, elevation: 48 },
      shadows: { centre: [1, 16], radius: 19 },
    },
    size,
  );
  const { random } = clip;
  const road = crossing(clip, { cross: 2 });
  const x = road.down;
  clip.drive(makeCar(random, "sedan"), {
    path: road.east(road.near),
    pace: [
      [0, 9],
      [HIT - 0.2, 9],
      [HIT, 7.5],
      [HIT + 0.8, 0],
    ],
    through: { place: [x - 2.55, road.near], time: HIT },
  });
  clip.drive(
    makeCycle(random, "ebike"),
    {
      path: [
        [x, 90],
        [x, -20],
      ],
      pace: [
        [0, 5],
        [HIT, 5],
        [HIT + 0.12, 0],
      ],
      through: { place: [x, road.near + 0.3], time: HIT },
      shoves: [{ time: HIT, seconds: 0.9, by: [4.3, -0.5], turn: -0.9 }],
    },
    {
      rider: {},
      falls: { time: HIT + 0.1, seconds: 0.6, side: -1 },
      thrown: [{ time: HIT + 0.1, seconds: 0.8, to: [x + 5.6, road.near - 1], way: "left", facing: [0.5, -1] }],
    },
  );
  aftermath(clip, road, [x + 5.6, road.near - 1]);
  passing(clip, road, x);
  verdict(clip, "a car hits an electric bicycle, whose rider lies on the road", { down: HIT + 0.8 });
  return clip;
}

/** Two cars collide: one comes out of the side road into the other's flank. */
export function accidentCars(size) {
  const clip = new Clip(
    {
      name: "accident_cars",
      title: "工业路口 Industry road crossing",
      place: "junction",
      seconds: 34,
      seed: 113,
      view: { height: 7.4, pitch: 20, fov: 41 },
      clock: "2026-02-24 08:14:00",
      weather: WEATHERS.overcast,
      shadows: { centre: [1, 16], radius: 19 },
    },
    size,
  );
  const { random } = clip;
  const road = crossing(clip, { cross: 0.5, near: 12.4 });
  const x = road.down;
  clip.drive(makeCar(random, "suv"), {
    path: road.east(road.near),
    pace: [
      [0, 9],
      [HIT, 9],
      [HIT + 0.9, 0],
    ],
    through: { place: [x + 0.4, road.near], time: HIT },
    shoves: [{ time: HIT, seconds: 0.8, by: [0, -1.1], turn: 0.45 }],
  });
  clip.drive(makeCar(random, "hatchback"), {
    path: [
      [x, 90],
      [x, -20],
    ],
    pace: [
      [0, 7],
      [HIT - 0.4, 7],
      [HIT, 5.5],
      [HIT + 0.22, 0],
    ],
    through: { place: [x, road.near + 0.94 + 1.95], time: HIT },
    shoves: [{ time: HIT, seconds: 0.7, by: [0.5, 0], turn: -0.25 }],
  });
  clip.onlookers(
    HIT + 2,
    [
      { from: [-9, road.edge - 2.5], spot: [x + 1.2, road.near - 2.4] },
      { from: [14, road.edge - 2.2], spot: [x + 7.4, road.near - 1.6], after: 1 },
      { from: [8, road.back + 3], spot: [x + 3.4, road.far - 0.6], after: 1.5 },
      { from: [-9, road.back + 3], spot: [x - 2.2, road.near + 2.2], after: 2 },
    ],
    [x + 3, road.near],
  );
  passing(clip, road, x);
  verdict(clip, "two cars collide on the crossing and stay");
  return clip;
}

/** Dusk: a car runs into the rear of one that waits. */
export function accidentRearEnd(size) {
  const clip = new Clip(
    {
      name: "accident_rear_end",
      title: "环镇路 Ring road",
      place: "junction",
      seconds: 36,
      seed: 117,
      view: { height: 6.8, pitch: 22, fov: 46, yaw: 5 },
      clock: "2026-11-05 17:22:00",
      weather: { ...WEATHERS.dusk, ambient: 1, glow: 0.6 },
      sensor: { lumaNoise: 0.008, chromaNoise: 0.004 },
      shadows: { centre: [1, 17], radius: 20 },
    },
    size,
  );
  const { random } = clip;
  const road = street(clip);
  const lane = road.going;
  clip.drive(makeCar(random, "minivan"), {
    path: road.away(lane),
    pace: [
      [0, 7],
      [5, 7],
      [7.5, 0],
    ],
    through: { place: [lane, 19.5], time: 7.5 },
    shoves: [{ time: HIT, seconds: 0.9, by: [0.15, 1.4], turn: 0.06 }],
  });
  clip.drive(makeCar(random, "sedan"), {
    path: road.away(lane - 0.2),
    pace: [
      [0, 10],
      [HIT - 0.5, 10],
      [HIT, 7],
      [HIT + 0.3, 0],
    ],
    through: { place: [lane - 0.2, 19.5 - 4.55], time: HIT },
    shoves: [{ time: HIT, seconds: 0.4, by: [0, -0.2], turn: -0.05 }],
  });
  clip.onlookers(
    HIT + 2.5,
    [
      { from: [road.right + 2, 10], spot: [lane + 2.1, 16.6] },
      { from: [road.right + 1.6, 33], spot: [lane + 2.2, 19.2], after: 1 },
      { from: [road.left - 2, 22], spot: [lane - 2, 18.4], after: 1.5 },
    ],
    [lane, 18],
  );
  clip.traffic(makeCar(random, "hatchback"), road.towards(road.coming), 7.5, { place: [road.coming, 20], time: 3 });
  clip.traffic(
    makeCycle(random, "ebike"),
    road.towards(road.coming - 0.6),
    5,
    { place: [road.coming, 20], time: 10 },
    { rider: {} },
  );
  clip.traffic(makeCar(random, "suv"), road.towards(road.coming - 0.2), 5.5, { place: [road.coming, 20], time: 27 });
  clip.passer([road.left - 1.6, 8], [road.left - 1.4, 40], 1);
  clip.watch(
    "accident",
    { zone: "carriageway" },
    [{ begin: HIT, end: 35.9 }],
    "a car runs into the rear of a waiting one",
  );
  clip.watch(
    "stopped_vehicle",
    { zone: "carriageway" },
    [{ begin: 7.5, end: 35.9 }],
    "the two stand where they collided",
  );
  clip.watch("person_down", { zone: "carriageway" });
  return clip;
}

/** A motorcycle runs into a cargo tricycle that turns. */
export function accidentMotorcycleTricycle(size) {
  const clip = new Clip(
    {
      name: "accident_motorcycle_tricycle",
      title: "集镇路口 Market town crossing",
      place: "junction",
      seconds: 34,
      seed: 119,
      view: { height: 6.4, pitch: 20, fov: 41 },
      clock: "2026-08-30 07:48:00",
      weather: WEATHERS.haze,
      shadows: { centre: [1, 15], radius: 18 },
    },
    size,
  );
  const { random } = clip;
  const road = crossing(clip, { cross: 3.5, near: 11.6 });
  const spot = [2.2, road.near];
  clip.drive(
    makeTricycle(random),
    {
      path: [
        [60, road.far],
        [7, road.far],
        [1.6, road.near + 1],
        [1.2, road.near - 8],
      ],
      radius: 4,
      pace: [
        [0, 4.5],
        [HIT - 2.2, 4.5],
        [HIT - 0.8, 3],
        [HIT, 3],
        [HIT + 0.35, 0],
      ],
      through: { place: [2.4, road.near + 1.6], time: HIT },
      shoves: [{ time: HIT, seconds: 0.7, by: [0.7, 0.1], turn: -0.3 }],
    },
    { rider: {} },
  );
  clip.drive(
    makeCycle(random, "motorcycle"),
    {
      path: road.east(road.near),
      pace: [
        [0, 8.5],
        [HIT - 0.3, 8.5],
        [HIT, 7],
        [HIT + 0.15, 0],
      ],
      through: { place: [0.45, road.near], time: HIT },
      shoves: [{ time: HIT + 0.05, seconds: 0.7, by: [0.2, -1.5], turn: 0.7 }],
    },
    {
      rider: {},
      falls: { time: HIT + 0.05, seconds: 0.55, side: -1 },
      thrown: [{ time: HIT + 0.05, seconds: 0.8, to: [spot[0] + 2, road.near - 1.1], way: "ahead", facing: [1, -0.4] }],
    },
  );
  aftermath(clip, road, [spot[0] + 2, road.near - 1.1]);
  clip.traffic(makeCar(random, "suv"), road.west(road.far), 7.5, { place: [0, road.far], time: 4 });
  clip.traffic(makeCar(random, "citycar"), road.east(road.near), 7, { place: [0, road.near], time: 5.5 });
  clip.passer([-16, road.back + 2.6], [16, road.back + 2.2], 1);
  verdict(clip, "a motorcycle runs into a turning tricycle", { down: HIT + 0.8, hasStopped: false });
  return clip;
}

/** A car brakes hard before an electric bicycle that cuts across; another swerves. All go on. */
export function accidentNearMiss(size) {
  const clip = new Clip(
    {
      name: "accident_near_miss",
      title: "学校路口 School crossing",
      place: "junction",
      seconds: 32,
      seed: 121,
      view: { height: 7, pitch: 20, fov: 41 },
      clock: "2026-09-14 12:02:00",
      weather: { ...WEATHERS.sun, azimuth: -140, elevation: 55 },
      shadows: { centre: [1, 16], radius: 19 },
    },
    size,
  );
  const { random } = clip;
  const road = crossing(clip, { cross: 2.4 });
  const x = road.down;
  clip.drive(makeCar(random, "sedan"), {
    path: road.east(road.near),
    pace: [
      [0, 9],
      [7, 9],
      [8.1, 0],
      [10.2, 0],
      [13, 8],
    ],
    through: { place: [x - 3.9, road.near], time: 8.1 },
  });
  clip.drive(
    makeCycle(random, "ebike"),
    {
      path: [
        [x, 90],
        [x, road.near + 2],
        [x - 0.4, 4],
        [x - 0.5, -20],
      ],
      pace: [
        [0, 5],
        [6.8, 5],
        [7.4, 3.4],
        [9, 5],
      ],
      through: { place: [x, road.near + 0.4], time: 8.2 },
    },
    { rider: {} },
  );
  clip.drive(makeCar(random, "hatchback"), {
    path: [
      [x, 90],
      [x, road.back],
      [x - 5, road.far - 0.2],
      [-60, road.far],
    ],
    pace: [
      [0, 6],
      [17, 6],
      [18.4, 1.5],
      [19.6, 1.5],
      [22, 7],
    ],
    through: { place: [x, road.back + 2.4], time: 18.8 },
  });
  clip.traffic(makeCar(random, "minivan"), road.west(road.far), 8, { place: [x, road.far], time: 17.2 });
  clip.traffic(
    makeCycle(random, "scooter"),
    [
      [-60, road.near - 0.6],
      [-6, road.near - 0.6],
      [0, road.near + 0.7],
      [8, road.near - 0.6],
      [60, road.near - 0.6],
    ],
    6,
    { place: [0, road.near], time: 22 },
    { rider: {}, pillion: {} },
  );
  clip.passer([-1.2, road.edge - 2], [-1.4, road.back + 3], 12, 1.2);
  clip.passer([18, road.back + 2.6], [-14, road.back + 3], 2);
  clip.watch("accident", { zone: "carriageway" });
  clip.watch("stopped_vehicle", { zone: "carriageway" });
  return clip;
}

/** Dense traffic closes up before the lights, waits and goes on, seen along the road, where vehicles hide one another. */
export function accidentDenseTraffic(size) {
  const clip = new Clip(
    {
      name: "accident_dense_traffic",
      title: "迎宾大道 Welcome avenue",
      place: "junction",
      seconds: 36,
      seed: 123,
      view: { height: 7, pitch: 22, fov: 47, yaw: 3 },
      clock: "2026-10-01 17:03:00",
      weather: WEATHERS.haze,
      shadows: { centre: [1, 18], radius: 20 },
    },
    size,
  );
  const { random } = clip;
  const road = street(clip, { width: 8 });
  const queue = (vehicle, lane, d, arrive, go, options) =>
    clip.drive(
      vehicle,
      {
        path: road.away(lane),
        pace: [
          [0, 7],
          [arrive - 2.2, 7],
          [arrive, 0],
          [go, 0],
          [go + 3.5, 7],
        ],
        through: { place: [lane, d], time: arrive },
      },
      options,
    );
  queue(makeCar(random, "sedan"), road.going - 0.3, 22.4, 6, 16);
  queue(makeCar(random, "suv"), road.going - 0.3, 16.8, 7.4, 17);
  queue(makeCar(random, "citycar"), road.going - 0.3, 12, 9, 18);
  queue(makeCycle(random, "ebike"), road.going + 1.4, 22.8, 8, 15.6, { rider: {}, pillion: {} });
  queue(makeCycle(random, "scooter"), road.going + 1.3, 19.8, 9.4, 16.2, { rider: {} });
  queue(makeCycle(random, "bicycle"), road.going + 1.5, 16.6, 10.4, 16.8, { rider: {} });
  clip.traffic(makeBus(random, { length: 10 }), road.towards(road.coming), 6, { place: [road.coming, 22], time: 4.5 });
  clip.traffic(makeCar(random, "hatchback"), road.towards(road.coming), 6.5, { place: [road.coming, 22], time: 9 });
  clip.traffic(makeCar(random, "sedan"), road.towards(road.coming), 6.5, { place: [road.coming, 22], time: 23 });
  clip.traffic(
    makeTricycle(random),
    road.towards(road.coming - 0.6),
    4.6,
    { place: [road.coming, 22], time: 27 },
    { rider: {} },
  );
  clip.traffic(makeCar(random, "minivan"), road.away(road.going), 7, { place: [road.going, 18], time: 29 });
  for (const [x, start] of [
    [road.left - 1, 9.5],
    [road.left - 1.4, 10.4],
  ])
    clip.passer([x, 26.4], [road.right + 2, 26.6], start, 1.3);
  clip.watch("accident", { zone: "carriageway" });
  clip.watch("stopped_vehicle", { zone: "carriageway" });
  return clip;
}

/** People gather around someone who lies on the road; one crouches. */
function aftermath(clip, road, victim) {
  const [x, d] = victim;
  clip.onlookers(
    HIT + 2,
    [
      { from: [x + 9, road.edge - 2.4], spot: [x + 1.1, d - 0.7], pose: "crouching" },
      { from: [x - 11, road.edge - 2.2], spot: [x - 0.9, d - 1.2], after: 0.6 },
      { from: [x + 7, road.back + 3], spot: [x + 1.6, d + 1], after: 1.2 },
      { from: [x - 6, road.edge - 3.2], spot: [x + 0.2, d - 1.7], after: 2.4 },
    ],
    victim,
  );
}

function passing(clip, road, x) {
  const { random } = clip;
  clip.traffic(makeCar(random, "minivan"), road.west(road.far), 8, { place: [x, road.far], time: 5 });
  clip.traffic(
    makeCycle(random, "scooter"),
    road.east(road.near - 0.8),
    6,
    { place: [x, road.near], time: 6.5 },
    { rider: {} },
  );
  clip.passer([-18, road.back + 2.6], [18, road.back + 2.2], 1);
  clip.passer([16, road.edge - 3.4], [-16, road.edge - 3.8], 3);
}

function verdict(clip, description, { down, hasStopped = true } = {}) {
  const end = clip.seconds - 0.1;
  clip.watch("accident", { zone: "carriageway" }, [{ begin: HIT, end }], description);
  clip.watch(
    "stopped_vehicle",
    { zone: "carriageway" },
    hasStopped ? [{ begin: HIT + 0.8, end }] : [],
    "what collided stands on the road",
  );
  clip.watch("person_down", { zone: "carriageway" }, down ? [{ begin: down, end }] : [], "the rider lies on the road");
}
