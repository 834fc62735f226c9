/** Vehicles that stop on the carriageway and stand, and vehicles that only wait. */
import { WEATHERS } from "../light.js";
import { makeCar } from "../vehicles/cars.js";
import { makeCycle, makeTricycle } from "../vehicles/cycles.js";
import { makeBus, makeTruck } from "../vehicles/heavy.js";
import { Clip } from "./clip.js";
import { crossing, street } from "./places.js";

/** A car stops in the lane that goes away from the camera and stands; the others drive around it. */
export function stoppedCar(size) {
  const clip = new Clip(
    {
      name: "stopped_car",
      title: "西大街 West street",
      place: "junction",
      seconds: 40,
      seed: 101,
      view: { height: 6.6, pitch: 21, fov: 46, yaw: 4 },
      clock: "2026-05-11 10:12:00",
      weather: { ...WEATHERS.sun, azimuth: -120, elevation: 52 },
      shadows: { centre: [1, 17], radius: 20 },
    },
    size,
  );
  const { random } = clip;
  const road = street(clip);
  const stop = [road.going, 17];
  clip.drive(makeCar(random, "sedan"), {
    path: road.away(road.going),
    pace: [
      [0, 8],
      [6, 8],
      [9, 0],
    ],
    through: { place: stop, time: 9 },
  });
  const around = [
    [road.going, -30],
    [road.going, 4],
    [road.coming + 0.5, 12],
    [road.coming + 0.3, 22],
    [road.going, 31],
    [road.going, 110],
  ];
  clip.traffic(makeCar(random, "suv"), around, 5.5, { place: [road.coming + 0.3, 18], time: 21 });
  clip.traffic(
    makeCycle(random, "ebike"),
    [
      [road.going + 1.2, -30],
      [road.going + 0.9, 5],
      [road.coming + 1.5, 13],
      [road.coming + 1.5, 21],
      [road.going + 1, 28],
      [road.going + 1, 110],
    ],
    4.6,
    { place: [road.coming + 1.5, 17], time: 30 },
    { rider: {} },
  );
  clip.traffic(makeCar(random, "hatchback"), road.towards(road.coming), 8, { place: [road.coming, 20], time: 3 });
  clip.traffic(
    makeCycle(random, "scooter"),
    road.towards(road.coming - 0.9),
    6,
    { place: [road.coming, 20], time: 13 },
    { rider: {} },
  );
  clip.traffic(makeCar(random, "minivan"), road.towards(road.coming), 7.5, { place: [road.coming, 20], time: 36 });
  clip.passer([road.left - 1.3, 40], [road.left - 1.6, 4], 2);
  clip.passer([road.right + 1.7, 8], [road.right + 1.5, 45], 10);
  clip.watch(
    "stopped_vehicle",
    { zone: "carriageway" },
    [{ begin: 9, end: 39.9 }],
    "a car stops in its lane and stands",
  );
  clip.watch("accident", { zone: "carriageway" });
  return clip;
}

/** In the rain a lorry breaks down on the near lane of a crossing. */
export function stoppedTruckRain(size) {
  const clip = new Clip(
    {
      name: "stopped_truck_rain",
      title: "北门路口 North gate crossing",
      place: "junction",
      seconds: 40,
      seed: 103,
      view: { height: 7.2, pitch: 20, fov: 41 },
      clock: "2026-06-21 16:40:00",
      weather: { ...WEATHERS.rain, wetness: 0.6 },
      sensor: { rain: 0.01, lumaNoise: 0.006 },
      shadows: { centre: [1, 16], radius: 19 },
    },
    size,
  );
  const { random } = clip;
  const road = crossing(clip, { cross: 4 });
  clip.drive(makeTruck(random, "box"), {
    path: road.east(road.near),
    pace: [
      [0, 6],
      [6, 6],
      [10, 0],
    ],
    through: { place: [-3.2, road.near], time: 10 },
  });
  clip.traffic(makeCar(random, "sedan"), road.west(road.far), 7.5, { place: [0, road.far], time: 5 });
  clip.traffic(
    makeCar(random, "suv"),
    [...road.west(road.far).slice(0, 1), [14, road.far], [road.up, road.back + 4], [road.up, 90]],
    5,
    { place: [road.up, road.back + 4], time: 17 },
  );
  clip.traffic(
    makeCycle(random, "ebike"),
    road.west(road.far + 1),
    5,
    { place: [0, road.far], time: 24 },
    { rider: { rain: true } },
  );
  clip.traffic(makeBus(random, { length: 8.5 }), road.west(road.far), 7, { place: [0, road.far], time: 32 });
  clip.passer([-16, road.edge - 2], [16, road.edge - 2.4], 4);
  clip.watch(
    "stopped_vehicle",
    { zone: "carriageway" },
    [{ begin: 10, end: 39.9 }],
    "a lorry stops on the near lane and stands",
  );
  clip.watch("accident", { zone: "carriageway" });
  return clip;
}

/** Cars wait at the stop line for nine seconds and go on; another has been parked in the side road all the time. */
export function stoppedWaiting(size) {
  const clip = new Clip(
    {
      name: "stopped_waiting",
      title: "南街路口 South street crossing",
      place: "junction",
      seconds: 36,
      seed: 107,
      view: { height: 7, pitch: 20, fov: 43 },
      clock: "2026-03-17 09:05:00",
      weather: WEATHERS.overcast,
      shadows: { centre: [1, 16], radius: 19 },
    },
    size,
  );
  const { random } = clip;
  const road = crossing(clip, { cross: 4.5, near: 12.2 });
  const wait = (vehicle, d, x, arrive, go, options) =>
    clip.drive(
      vehicle,
      {
        path: road.east(d),
        pace: [
          [0, 7],
          [arrive - 2.4, 7],
          [arrive, 0],
          [go, 0],
          [go + 3, 7],
        ],
        through: { place: [x, d], time: arrive },
      },
      options,
    );
  wait(makeCar(random, "sedan"), road.near, -5.2, 7, 16.2);
  wait(makeCar(random, "minivan"), road.near, -11.4, 8.6, 17);
  wait(makeCycle(random, "ebike"), road.near - 1.5, -3.6, 9, 16, { rider: {} });
  clip.parked(makeCar(random, "hatchback"), [road.right - 1.1, road.back + 6.5], [0, 1]);
  clip.traffic(makeCar(random, "suv"), road.west(road.far), 7.5, { place: [0, road.far], time: 4 });
  clip.traffic(
    makeCar(random, "pickup"),
    [
      [road.down, 90],
      [road.down, road.back + 3],
      [road.down - 4, road.far],
      [-60, road.far],
    ],
    5.5,
    { place: [road.down, road.back + 3], time: 12 },
  );
  clip.traffic(makeTricycle(random), road.west(road.far), 5, { place: [0, road.far], time: 21 }, { rider: {} });
  clip.traffic(makeCar(random, "citycar"), road.east(road.near), 7, { place: [0, road.near + 0.5], time: 29 });
  clip.passer([-1, road.back + 3], [-1.6, 4], 9);
  clip.passer([20, road.edge - 2], [-18, road.edge - 2.5], 14);
  clip.watch("stopped_vehicle", { zone: "carriageway" });
  clip.watch("accident", { zone: "carriageway" });
  return clip;
}
