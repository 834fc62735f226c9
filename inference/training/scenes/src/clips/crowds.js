/** People who run together, and people who arrive one by one. */
import { WEATHERS } from "../light.js";
import { Clip } from "./clip.js";
import { frontage, plaza } from "./places.js";

/** Ten people run together in the square within seconds. */
export function surgeSquare(size) {
  const clip = new Clip(
    {
      name: "surge_square",
      title: "镇政府广场 Town hall square",
      place: "crowded",
      seconds: 34,
      seed: 171,
      view: { height: 6.2, pitch: 25, fov: 44 },
      clock: "2026-03-08 09:55:00",
      weather: { ...WEATHERS.sun, azimuth: 125, elevation: 48 },
      shadows: { centre: [0, 14], radius: 17 },
    },
    size,
  );
  plaza(clip);
  clip.passer([-13, 18.8], [13, 18.4], -2);
  rush(clip, [0.4, 13], 13, [
    [-14, 9.5],
    [-14.5, 12],
    [-14, 14],
    [14, 10],
    [14.5, 12.6],
    [14, 15],
    [-15, 17],
    [15.5, 17.4],
    [15, 8.8],
    [-15.6, 10.6],
  ]);
  clip.watch("crowd_surge", { zone: "square" }, [{ begin: 13.6, end: 33.9 }], "ten people run together in the square");
  clip.watch("running", { zone: "square" }, [{ begin: 12.6, end: 15.4 }], "ten people run");
  return clip;
}

/** Before the shops people come running from both sides. */
export function surgeShops(size) {
  const clip = new Clip(
    {
      name: "surge_shops",
      title: "超市门口 Supermarket",
      place: "crowded",
      seconds: 32,
      seed: 173,
      view: { height: 5.2, pitch: 22, fov: 44 },
      clock: "2026-01-15 10:00:00",
      weather: WEATHERS.overcast,
      shadows: { centre: [0, 12], radius: 16 },
    },
    size,
  );
  const { front } = frontage(clip);
  clip.walker({ start: -3, speed: 1.2, steps: [[-12, 13], [-1, 13.4], { stay: 60, facing: [-1, front + 2] }] });
  rush(clip, [0.4, 13.2], 11, [
    [-13, 10],
    [-13.5, 11.4],
    [-13, 13.4],
    [13, 9.8],
    [13.6, 11.6],
    [13, 13],
    [14.6, 10.6],
    [-15, 12.2],
  ]);
  clip.watch(
    "crowd_surge",
    { zone: "pavement" },
    [{ begin: 11.8, end: 31.9 }],
    "eight people come running to the shop",
  );
  clip.watch("running", { zone: "pavement" }, [{ begin: 11, end: 13.4 }], "eight people run");
  return clip;
}

/** People arrive one by one at a walk; one jogs through alone. */
export function surgeSlow(size) {
  const clip = new Clip(
    {
      name: "surge_slow",
      title: "社区广场 Community square",
      place: "crowded",
      seconds: 44,
      seed: 177,
      view: { height: 6, pitch: 25, fov: 44 },
      clock: "2026-06-06 19:02:00",
      weather: { ...WEATHERS.lowsun, azimuth: -115, elevation: 24 },
      shadows: { centre: [0, 14], radius: 18 },
    },
    size,
  );
  plaza(clip);
  const spots = [
    [-1.4, 12],
    [1.2, 11.8],
    [2.4, 13.4],
    [-2.2, 13.8],
    [0.2, 15],
    [1.6, 15.2],
  ];
  spots.forEach((spot, i) => {
    const from = [i % 2 ? 15 : -15, 9 + 1.4 * i];
    clip.walker(
      { start: -8 + 7 * i, speed: 1.25, steps: [from, spot, { stay: 90, facing: [0.2, 13.2] }] },
      { child: false },
    );
  });
  clip.walker(
    {
      start: 20,
      speed: 3.1,
      steps: [
        [-16, 9.4],
        [17, 9],
      ],
    },
    { child: false },
  );
  clip.watch("crowd_surge", { zone: "square" });
  clip.watch("running", { zone: "square" });
  return clip;
}

/** People who run to `middle` and arrive about `time`. */
function rush(clip, middle, time, starts) {
  starts.forEach((from, i) => {
    const angle = (2 * Math.PI * i) / starts.length + 0.3;
    const far = 1.3 + 0.9 * (i % 3);
    const spot = [middle[0] + Math.cos(angle) * far, middle[1] + Math.sin(angle) * far * 0.8];
    const speed = clip.random.range(3.2, 3.8);
    const start = time + clip.random.range(-0.5, 1) - Math.hypot(spot[0] - from[0], spot[1] - from[1]) / speed + 2;
    clip.walker({ start, speed, steps: [from, spot, { stay: 90, facing: middle }] }, { child: false });
  });
}
