/** People who fall and lie still, and people who only bend, sit or crouch. */
import { WEATHERS } from "../light.js";
import { Clip } from "./clip.js";
import { frontage, plaza, yard } from "./places.js";

/** In the sun someone crosses the square, falls and lies still. */
export function downSquare(size) {
  const clip = new Clip(
    {
      name: "down_square",
      title: "文化广场 Culture square",
      place: "crowded",
      seconds: 32,
      seed: 131,
      view: { height: 5.6, pitch: 23, fov: 44 },
      clock: "2026-05-02 10:40:00",
      weather: { ...WEATHERS.sun, azimuth: 120, elevation: 50 },
      shadows: { centre: [0, 14], radius: 17 },
    },
    size,
  );
  plaza(clip);
  clip.performer(
    { start: -2, speed: 1.2, steps: [[-10, 11], [2.2, 12.4], { stay: 60 }] },
    { acts: [{ pose: "lying", from: 8.6, fade: 0.8, way: "ahead" }] },
  );
  clip.passer([12, 18.6], [-13, 19.2], 1);
  clip.passer([-12, 9], [14, 8.6], 15);
  clip.performer(
    { start: -3, speed: 1.2, steps: [[13, 17], [6.6, 18.6], { stay: 60, facing: [6.6, 12] }] },
    { acts: [{ pose: "sitting", from: 3.4, fade: 1.1, shift: [0, 0.8] }] },
  );
  clip.watch(
    "person_down",
    { zone: "square" },
    [{ begin: 9.4, end: 31.9 }],
    "someone falls while walking and lies still",
  );
  return clip;
}

/** Before the shops someone slumps to the ground; a passer-by comes to help at last. */
export function downShops(size) {
  const clip = new Clip(
    {
      name: "down_shops",
      title: "商业街 Shopping street",
      place: "crowded",
      seconds: 32,
      seed: 133,
      view: { height: 5, pitch: 21, fov: 46 },
      clock: "2026-03-28 14:20:00",
      weather: WEATHERS.overcast,
      shadows: { centre: [0, 12], radius: 16 },
    },
    size,
  );
  const place = frontage(clip);
  clip.performer(
    { start: -4, speed: 1.1, steps: [[12, 12.4], [-1.4, 12], { stay: 60, facing: [-1.4, 6] }] },
    { acts: [{ pose: "lying", from: 10, fade: 1.1, way: "left" }] },
  );
  clip.passer([-14, 14.4], [15, 14.2], 2);
  clip.passer([-14, 9.8], [14, 9.6], 6);
  clip.onlookers(20, [{ from: [13, place.kerb + 1.4], spot: [-0.2, 11], pose: "crouching" }], [-1.4, 11.8]);
  clip.watch(
    "person_down",
    { zone: "pavement" },
    [{ begin: 11.1, end: 31.9 }],
    "someone slumps to the pavement and lies still",
  );
  return clip;
}

/** At night someone comes along the lane into the yard, falls and lies there. */
export function downNight(size) {
  const clip = new Clip(
    {
      name: "down_night",
      title: "后院（夜间） Back yard at night",
      place: "village",
      seconds: 32,
      seed: 137,
      view: { height: 5, pitch: 23, fov: 46 },
      clock: "2026-01-19 01:12:00",
      weather: { ...WEATHERS.infrared, key: 130, ambient: 0.25 },
      shadows: { centre: [0, 13], radius: 16 },
      sensor: { saturation: 0, lumaNoise: 0.014, chromaNoise: 0, vignette: 0.3, softness: 0.5, contrast: 1.1 },
    },
    size,
  );
  yard(clip);
  clip.performer(
    { start: 0, speed: 1.1, steps: [[-3.4, 26], [-3.2, 13.6], [-1.2, 12.2], [3.4, 11.2], { stay: 60 }] },
    { acts: [{ pose: "lying", from: 15.4, fade: 0.9, way: "ahead" }] },
  );
  clip.watch(
    "person_down",
    { zone: "yard" },
    [{ begin: 16.3, end: 31.9 }],
    "someone falls in the yard at night and lies still",
  );
  return clip;
}

/** Nobody falls: one bends for something, one sits down on a bench, one crouches to tie a shoe. */
export function downNobody(size) {
  const clip = new Clip(
    {
      name: "down_nobody",
      title: "老年活动广场 Pensioners' square",
      place: "crowded",
      seconds: 34,
      seed: 139,
      view: { height: 5.8, pitch: 24, fov: 44 },
      clock: "2026-10-17 09:31:00",
      weather: { ...WEATHERS.lowsun, azimuth: -110, elevation: 30 },
      shadows: { centre: [0, 14], radius: 17 },
    },
    size,
  );
  const { bench } = plaza(clip);
  clip.performer(
    {
      start: -2,
      speed: 1.2,
      steps: [[9, 20.5], [2, 18], [bench[0] + 0.62, bench[1]], { stay: 60, facing: [9, bench[1]] }],
    },
    { acts: [{ pose: "sitting", from: 13.6, fade: 1.3, shift: [-0.55, 0] }] },
  );
  clip.performer(
    { start: 1, speed: 1.25, steps: [[-11, 10.4], [1.2, 10.8], { stay: 9, facing: [3, 8] }, [14, 10]] },
    { acts: [{ pose: "crouching", from: 11.6, to: 19, fade: 1.1 }] },
  );
  clip.performer(
    { start: 8, speed: 1.2, steps: [[12, 14], [3.6, 14.2], { stay: 4.6, facing: [3.4, 9] }, [-4, 18], [-13, 19]] },
    { acts: [{ pose: "bending", from: 15.8, to: 18.6, fade: 1 }] },
  );
  clip.watch("person_down", { zone: "square" });
  return clip;
}
