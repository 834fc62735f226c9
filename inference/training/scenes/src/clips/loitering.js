/** People who hang about, and people who pass or wait a little. */
import { WEATHERS } from "../light.js";
import { Clip } from "./clip.js";
import { frontage, plaza, yard } from "./places.js";

/** In the evening light someone walks up and down before the closed shops. */
export function loiterShops(size) {
  const clip = new Clip(
    {
      name: "loiter_shops",
      title: "老街 Old street",
      place: "crowded",
      seconds: 50,
      seed: 151,
      view: { height: 5, pitch: 21, fov: 42 },
      clock: "2026-10-08 18:10:00",
      weather: { ...WEATHERS.dusk, ambient: 1, glow: 0.7 },
      sensor: { lumaNoise: 0.008, chromaNoise: 0.004 },
      shadows: { centre: [0, 12], radius: 16 },
    },
    size,
  );
  frontage(clip);
  clip.walker({
    start: -1,
    speed: 1,
    steps: [
      [-12, 12.4],
      [-2, 13.2],
      { stay: 4, facing: [-2, 20] },
      [2.4, 12],
      { stay: 5, facing: [3, 4] },
      [-3.4, 11.4],
      { stay: 4, facing: [-3, 4] },
      [1.2, 14],
      { stay: 9, facing: [1, 20] },
      [-2.6, 12.2],
      { stay: 30, facing: [-5, 4] },
    ],
  });
  clip.passer([14, 10], [-14, 10.3], 6);
  clip.passer([-14, 9.4], [15, 9.2], 28);
  clip.watch(
    "loitering",
    { zone: "pavement" },
    [{ begin: 3.6, end: 49.9 }],
    "someone walks up and down before the shops",
  );
  return clip;
}

/** At night someone hangs about in the yard. */
export function loiterNight(size) {
  const clip = new Clip(
    {
      name: "loiter_night",
      title: "仓库院（夜间） Storage yard at night",
      place: "village",
      seconds: 48,
      seed: 153,
      view: { height: 5, pitch: 23, fov: 44 },
      clock: "2026-02-03 03:26:00",
      weather: { ...WEATHERS.infrared, key: 120, ambient: 0.25 },
      shadows: { centre: [0, 13], radius: 16 },
      sensor: { saturation: 0, lumaNoise: 0.014, chromaNoise: 0, vignette: 0.3, softness: 0.5, contrast: 1.1 },
    },
    size,
  );
  yard(clip);
  clip.walker({
    start: -9,
    speed: 1,
    steps: [
      [-3.4, 24],
      [-3.2, 13.4],
      [-1, 12.4],
      [3, 13.4],
      { stay: 6, facing: [3, 22] },
      [5.4, 10.4],
      { stay: 8, facing: [7, 4] },
      [1.6, 9.4],
      { stay: 7, facing: [0, 20] },
      [4.4, 14.4],
      { stay: 40, facing: [5, 22] },
    ],
  });
  clip.watch("loitering", { zone: "yard" }, [{ begin: 5, end: 47.9 }], "someone hangs about in the yard at night");
  return clip;
}

/** People pass one after the other, and one waits ten seconds for another. */
export function loiterPassers(size) {
  const clip = new Clip(
    {
      name: "loiter_passers",
      title: "公园入口 Park entrance",
      place: "crowded",
      seconds: 44,
      seed: 157,
      view: { height: 5.6, pitch: 23, fov: 43 },
      clock: "2026-05-23 08:30:00",
      weather: { ...WEATHERS.sun, azimuth: -130, elevation: 45 },
      shadows: { centre: [0, 14], radius: 17 },
    },
    size,
  );
  plaza(clip);
  for (const [from, to, start] of [
    [[-14, 12], [15, 13], -4],
    [[14, 16], [-15, 15], 1],
    [[-14, 10.4], [14, 9.6], 9],
    [[15, 11.6], [-14, 12.4], 14],
    [[-15, 18.4], [15, 17.6], 18],
    [[13, 9.2], [-13, 8.8], 26],
    [[-14, 14.2], [15, 14], 31],
  ])
    clip.passer(from, to, start);
  clip.walker({ start: 2, speed: 1.25, steps: [[11, 14.4], [1.4, 12.4], { stay: 9, facing: [-4, 10] }, [-13, 11]] });
  clip.watch("loitering", { zone: "square" });
  return clip;
}
