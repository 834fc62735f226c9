/** Nothing happens: noise, wind, rain, and light that changes. All rules are on, and each alarm is a false one. */
import { WEATHERS } from "../light.js";
import { Clip } from "./clip.js";
import { crossing, plaza, street, yard } from "./places.js";

const SECONDS = 40;

/** An empty crossing with the noise of a cheap sensor. */
export function quietCrossing(size) {
  const clip = new Clip(
    {
      name: "quiet_crossing",
      title: "村道路口 Country crossing",
      place: "junction",
      seconds: SECONDS,
      seed: 191,
      view: { height: 7, pitch: 21, fov: 43 },
      clock: "2026-09-21 05:58:00",
      weather: { ...WEATHERS.overcast, ambient: 1.4 },
      sensor: { lumaNoise: 0.012, chromaNoise: 0.006 },
      shadows: { centre: [1, 16], radius: 19 },
    },
    size,
  );
  crossing(clip, { cross: 1.5, wind: 0.15 });
  for (const kind of ["accident", "stopped_vehicle", "person_down"]) clip.watch(kind, { zone: "carriageway" });
  return clip;
}

/** An empty yard under infra-red light, with much noise. */
export function quietNight(size) {
  const clip = new Clip(
    {
      name: "quiet_night",
      title: "空院（夜间） Empty yard at night",
      place: "village",
      seconds: SECONDS,
      seed: 193,
      view: { height: 5, pitch: 23, fov: 45 },
      clock: "2026-12-28 04:10:00",
      weather: { ...WEATHERS.infrared, key: 110, ambient: 0.2 },
      shadows: { centre: [0, 13], radius: 16 },
      sensor: { saturation: 0, lumaNoise: 0.02, chromaNoise: 0, vignette: 0.3, softness: 0.5, contrast: 1.1 },
    },
    size,
  );
  yard(clip, { wind: 0.12 });
  people(clip, "yard");
  return clip;
}

/** Wind in the trees of a sunny square, while clouds come and go. */
export function quietWind(size) {
  const clip = new Clip(
    {
      name: "quiet_wind",
      title: "空广场 Empty square",
      place: "crowded",
      seconds: SECONDS,
      seed: 197,
      view: { height: 5.8, pitch: 23, fov: 44 },
      clock: "2026-04-18 13:44:00",
      weather: { ...WEATHERS.sun, azimuth: -120, elevation: 44 },
      sensor: { lumaNoise: 0.006, chromaNoise: 0.003 },
      shadows: { centre: [0, 14], radius: 18 },
    },
    size,
  );
  plaza(clip, { wind: 0.5 });
  clip.sensorAt = (time) => ({ exposure: 1 - 0.3 * cloud(time, 9, 17) - 0.22 * cloud(time, 26, 34) });
  people(clip, "square");
  return clip;
}

/** Rain in an empty street; at dusk the camera switches to black and white. */
export function quietRain(size) {
  const clip = new Clip(
    {
      name: "quiet_rain",
      title: "雨中街道 Street in the rain",
      place: "junction",
      seconds: SECONDS,
      seed: 199,
      view: { height: 6.6, pitch: 22, fov: 45, yaw: 5 },
      clock: "2026-07-07 19:20:00",
      weather: { ...WEATHERS.rain, ambient: 1, wetness: 0.7 },
      sensor: { rain: 0.018, lumaNoise: 0.008, chromaNoise: 0.004 },
      shadows: { centre: [1, 17], radius: 20 },
    },
    size,
  );
  street(clip, { wind: 0.25 });
  clip.sensorAt = (time) => (time < 24 ? {} : { saturation: 0, exposure: 1.15, lumaNoise: 0.014 });
  for (const kind of ["accident", "stopped_vehicle", "person_down", "left_object"])
    clip.watch(kind, { zone: "carriageway" });
  return clip;
}

function people(clip, zone) {
  for (const kind of ["crowding", "crowd_surge", "intrusion", "loitering", "person_down", "left_object", "running"])
    clip.watch(kind, { zone });
}

/** 0 before and after, 1 while the sun is behind a cloud. */
function cloud(time, from, to) {
  const edge = (t) => Math.min(1, Math.max(0, t / 3));
  return edge(time - from) * edge(to - time);
}
