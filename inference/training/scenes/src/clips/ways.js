/** Lines that are crossed and lanes that are driven the wrong way. */
import { WEATHERS } from "../light.js";
import { makeCar } from "../vehicles/cars.js";
import { makeCycle, makeTricycle } from "../vehicles/cycles.js";
import { makeBus, makeTruck } from "../vehicles/heavy.js";
import { Clip } from "./clip.js";
import { crossing, street } from "./places.js";

/** A street seen along it: the right lane goes away, and an electric bicycle comes back on it. */
export function wrongWayEbike(size) {
  const clip = new Clip(
    {
      name: "wrong_way_ebike",
      title: "单行道 One-way lane",
      place: "junction",
      seconds: 38,
      seed: 161,
      view: { height: 6.4, pitch: 22, fov: 44, yaw: 5 },
      clock: "2026-07-15 08:22:00",
      weather: { ...WEATHERS.sun, azimuth: 150, elevation: 55 },
      shadows: { centre: [1, 17], radius: 20 },
    },
    size,
  );
  const { random } = clip;
  const road = street(clip);
  const away = lanes(clip, road);
  clip.traffic(makeCar(random, "sedan"), road.away(road.going), 6.5, { place: [road.going, 18], time: 6 });
  clip.traffic(
    makeCycle(random, "scooter"),
    road.away(road.going + 0.8),
    5,
    { place: [road.going, 18], time: 14 },
    { rider: {} },
  );
  clip.traffic(
    makeCycle(random, "ebike"),
    road.towards(road.going - 0.3),
    4.2,
    { place: [road.going, 18], time: 22 },
    { rider: {} },
  );
  clip.traffic(makeCar(random, "suv"), road.away(road.going), 6.5, { place: [road.going, 18], time: 31 });
  clip.traffic(makeCar(random, "hatchback"), road.towards(road.coming), 7, { place: [road.coming, 18], time: 10 });
  clip.traffic(
    makeTricycle(random),
    road.towards(road.coming),
    4.5,
    { place: [road.coming, 18], time: 27 },
    { rider: {} },
  );
  clip.passer([road.right + 1.8, 36], [road.right + 1.6, 6], 3);
  away([6, 14, 31]);
  clip.oneWay(
    "lane",
    [road.going, 16],
    [0, 1],
    [{ begin: 18, end: 24.6 }],
    "an electric bicycle rides against the lane",
  );
  return clip;
}

/** At night, under lamps, a car comes back on the lane that goes away. */
export function wrongWayCarNight(size) {
  const clip = new Clip(
    {
      name: "wrong_way_car_night",
      title: "滨河路（夜间） Riverside road at night",
      place: "junction",
      seconds: 34,
      seed: 163,
      view: { height: 6.6, pitch: 22, fov: 45, yaw: 5 },
      clock: "2026-08-08 22:47:00",
      weather: { ...WEATHERS.lamps, ambient: 0.3, key: 120, fill: 60 },
      sensor: { lumaNoise: 0.012, chromaNoise: 0.006 },
      shadows: { centre: [1, 17], radius: 20 },
    },
    size,
  );
  const { random } = clip;
  const road = street(clip, { isLit: true });
  const away = lanes(clip, road);
  clip.traffic(makeCar(random, "suv"), road.away(road.going), 6.5, { place: [road.going, 18], time: 7 });
  clip.traffic(makeCar(random, "sedan"), road.towards(road.going), 6, { place: [road.going, 18], time: 17 });
  clip.traffic(
    makeCycle(random, "ebike"),
    road.away(road.going + 0.6),
    4.6,
    { place: [road.going, 18], time: 27 },
    { rider: {} },
  );
  clip.traffic(makeCar(random, "minivan"), road.towards(road.coming), 6.5, { place: [road.coming, 18], time: 12 });
  away([7, 27]);
  clip.oneWay("lane", [road.going, 16], [0, 1], [{ begin: 14, end: 18.8 }], "a car comes against the lane");
  return clip;
}

/** A crossing: a tricycle rides against the near lane; who turns into the side road crosses the line. */
export function wrongWayTricycle(size) {
  const clip = new Clip(
    {
      name: "wrong_way_tricycle",
      title: "供销社路口 Co-op crossing",
      place: "junction",
      seconds: 38,
      seed: 167,
      view: { height: 7, pitch: 20, fov: 43 },
      clock: "2026-09-03 17:12:00",
      weather: WEATHERS.haze,
      shadows: { centre: [1, 16], radius: 19 },
    },
    size,
  );
  const { random } = clip;
  const road = crossing(clip, { cross: 3.4, near: 12.2 });
  clip.zone("lane", "近侧车道 Near lane", [
    [-12, road.edge],
    [13, road.edge],
    [13, road.edge + 3.7],
    [-12, road.edge + 3.7],
  ]);
  clip.line("side-road", "支路口 Side road", [road.right, road.back + 1.2], [road.left, road.back + 1.2]);
  const turn = [
    [-60, road.near],
    [road.up - 4, road.near],
    [road.up, road.back + 1],
    [road.up, 90],
  ];
  clip.traffic(makeCar(random, "sedan"), turn, 4.6, { place: [road.up, road.back + 1.2], time: 7 });
  clip.traffic(makeTricycle(random), road.west(road.near), 4, { place: [0, road.near], time: 17 }, { rider: {} });
  clip.traffic(makeTruck(random, "flatbed"), road.east(road.near), 6.5, { place: [0, road.near], time: 26 });
  clip.traffic(
    makeCycle(random, "ebike"),
    [
      [60, road.far],
      [road.up + 4, road.far],
      [road.up + 0.4, road.back + 2],
      [road.up + 0.4, 90],
    ],
    4.2,
    { place: [road.up + 0.4, road.back + 1.2], time: 31 },
    { rider: {} },
  );
  clip.traffic(
    makeCar(random, "citycar"),
    [
      [road.down, 90],
      [road.down, road.back + 1],
      [road.down - 4, road.far],
      [-60, road.far],
    ],
    5,
    { place: [road.down, road.back + 1], time: 12 },
  );
  clip.traffic(makeBus(random, { length: 8.5 }), road.west(road.far), 7, { place: [0, road.far], time: 21.5 });
  clip.passer([17, road.back + 3], [-17, road.back + 2.6], 2);
  clip.watch(
    "line_crossing",
    { line: "side-road" },
    [
      { begin: 7, end: 8 },
      { begin: 31, end: 32 },
    ],
    "something turns into the side road",
  );
  clip.oneWay("lane", [0, road.near], [1, 0], [{ begin: 13.8, end: 20 }], "a tricycle rides against the lane");
  return clip;
}

/** In the rain everyone keeps to the lane; the line is crossed by those who go away only. */
export function rightWayRain(size) {
  const clip = new Clip(
    {
      name: "right_way_rain",
      title: "医院路 Hospital road",
      place: "junction",
      seconds: 36,
      seed: 169,
      view: { height: 6.4, pitch: 22, fov: 44, yaw: 5 },
      clock: "2026-06-02 07:40:00",
      weather: { ...WEATHERS.rain, wetness: 0.6 },
      sensor: { rain: 0.012, lumaNoise: 0.006 },
      shadows: { centre: [1, 17], radius: 20 },
    },
    size,
  );
  const { random } = clip;
  const road = street(clip);
  const away = lanes(clip, road);
  clip.traffic(makeCar(random, "minivan"), road.away(road.going), 6, { place: [road.going, 18], time: 8 });
  clip.traffic(
    makeCycle(random, "motorcycle"),
    road.away(road.going + 0.4),
    6,
    { place: [road.going, 18], time: 20 },
    { rider: {} },
  );
  clip.traffic(makeCar(random, "citycar"), road.towards(road.coming), 6, { place: [road.coming, 18], time: 5 });
  clip.traffic(
    makeCycle(random, "bicycle"),
    road.towards(road.coming - 0.8),
    3.4,
    { place: [road.coming, 18], time: 14 },
    { rider: { rain: true } },
  );
  clip.traffic(makeCar(random, "sedan"), road.towards(road.coming), 6.5, { place: [road.coming, 18], time: 28 });
  clip.walker(
    {
      start: 9,
      speed: 1.3,
      steps: [
        [road.left - 1.4, 9],
        [road.left - 1.2, 26.4],
        [road.right + 1.6, 26.6],
        [road.right + 1.8, 44],
      ],
    },
    { rain: true },
  );
  away([8, 20]);
  clip.oneWay("lane", [road.going, 16], [0, 1]);
  return clip;
}

/** The lane that goes away, as a zone, and a line across the street; returns how to say when it is crossed. */
function lanes(clip, road) {
  const middle = (road.left + road.right) / 2;
  clip.zone("lane", "右侧车道 Right lane", [
    [middle, 8],
    [road.right, 8],
    [road.right, 34],
    [middle, 34],
  ]);
  clip.line("across", "断面 Counting line", [road.right, 18], [road.left, 18]);
  return (times) =>
    clip.watch(
      "line_crossing",
      { line: "across" },
      times.map((begin) => ({ begin, end: begin + 1 })),
      "something drives away over the line",
    );
}
