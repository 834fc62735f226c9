/** Things that are left behind, and things that are only put down for a moment. */
import { WEATHERS } from "../light.js";
import { makeCycle } from "../vehicles/cycles.js";
import { Clip } from "./clip.js";
import { frontage, plaza } from "./places.js";

/** Before the shops someone puts a suitcase down and walks away from it. */
export function leftSuitcase(size) {
  const clip = new Clip(
    {
      name: "left_suitcase",
      title: "汽车站前 Before the bus station",
      place: "crowded",
      seconds: 40,
      seed: 141,
      view: { height: 4.8, pitch: 21, fov: 42 },
      clock: "2026-04-30 11:08:00",
      weather: WEATHERS.overcast,
      shadows: { centre: [0, 12], radius: 16 },
    },
    size,
  );
  frontage(clip);
  clip.performer(
    { start: -2, speed: 1.2, steps: [[-11, 11], [0.6, 11.4], { stay: 3.4, facing: [0.6, 4] }, [12, 10.4], [20, 10]] },
    {
      acts: [{ pose: "bending", from: 9.2, to: 10.6, fade: 0.9, rise: 0.9 }],
      carries: { luggage: "suitcase", side: 1, putDown: 10.2 },
    },
  );
  clip.passer([14, 13.8], [-14, 14], 5);
  clip.passer([-14, 9.4], [14, 9.6], 22);
  clip.watch(
    "left_object",
    { zone: "pavement" },
    [{ begin: 10.2, end: 39.9 }],
    "a suitcase is put down and its owner walks away",
  );
  return clip;
}

/** A sack and a carton are put down in the square, at different times. */
export function leftGoods(size) {
  const clip = new Clip(
    {
      name: "left_goods",
      title: "集市广场 Market square",
      place: "crowded",
      seconds: 44,
      seed: 143,
      view: { height: 5.2, pitch: 24, fov: 41 },
      clock: "2026-12-12 15:22:00",
      weather: { ...WEATHERS.lowsun, azimuth: 100, elevation: 26 },
      shadows: { centre: [0, 13], radius: 16 },
    },
    size,
  );
  plaza(clip);
  clip.performer(
    { start: -2, speed: 1.15, steps: [[-9, 13.6], [-2.2, 12.2], { stay: 3.2, facing: [-2, 6] }, [-10, 11], [-18, 10]] },
    {
      acts: [{ pose: "bending", from: 5.6, to: 7, fade: 0.9, rise: 0.9 }],
      carries: { luggage: "sack", side: 0, putDown: 6.6 },
    },
  );
  clip.performer(
    { start: 6, speed: 1.2, steps: [[10, 10.6], [3, 14.2], { stay: 3.2, facing: [0, 14] }, [9, 16.5], [18, 19]] },
    {
      acts: [{ pose: "bending", from: 13.6, to: 15, fade: 0.9, rise: 0.9 }],
      carries: { luggage: "carton", side: 1, putDown: 14.6 },
    },
  );
  clip.passer([-13, 17.6], [14, 18], 3);
  clip.passer([13, 9], [-13, 9.4], 27);
  clip.watch(
    "left_object",
    { zone: "square" },
    [{ begin: 6.6, end: 43.9 }],
    "someone puts goods down in the square and leaves",
  );
  return clip;
}

/** A bag is put down, stays beside its owner and is taken along again; long shadows and a parked bicycle are nothing. */
export function leftNothing(size) {
  const clip = new Clip(
    {
      name: "left_nothing",
      title: "校门口 School gate",
      place: "crowded",
      seconds: 36,
      seed: 147,
      view: { height: 5.2, pitch: 23, fov: 43 },
      clock: "2026-11-20 16:05:00",
      weather: { ...WEATHERS.lowsun, azimuth: -105, elevation: 19 },
      shadows: { centre: [0, 13], radius: 18 },
    },
    size,
  );
  plaza(clip, { wind: 0.3 });
  clip.performer(
    { start: -3, speed: 1.2, steps: [[10, 12.8], [1, 12], { stay: 12, facing: [0, 5] }, [-12, 14], [-20, 15]] },
    {
      acts: [
        { pose: "bending", from: 5.6, to: 6.8, fade: 0.9, rise: 0.9 },
        { pose: "bending", from: 14.2, to: 15.4, fade: 0.9, rise: 0.9 },
      ],
      carries: { luggage: "bag", side: 1, putDown: 6.5, pickUp: 15.1 },
    },
  );
  clip.parked(makeCycle(clip.random, "bicycle"), [4.8, 15.4], [0.3, 1], 0.12);
  clip.passer([-14, 17], [15, 18], 2);
  clip.passer([15, 9.2], [-15, 9.6], 17);
  clip.watch("left_object", { zone: "square" });
  return clip;
}
