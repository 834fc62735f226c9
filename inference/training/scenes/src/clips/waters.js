/** People at the water's edge, and people who stay away from it. */
import { rectangle } from "../ground.js";
import { WEATHERS } from "../light.js";
import { LOW, reservoirPlace } from "../loops/reservoir_bank.js";
import { Clip } from "./clip.js";

/** At dusk someone goes down the steps and stays at the water. */
export function waterEdgeDusk(size) {
  const clip = shore(
    {
      name: "water_edge_dusk",
      title: "水库西岸 Reservoir west bank",
      seconds: 34,
      seed: 181,
      view: { height: 6.4, pitch: 22, fov: 42, yaw: -3 },
      clock: "2026-07-19 19:31:00",
      weather: { ...WEATHERS.dusk, ambient: 1, azimuth: -70 },
      sensor: { lumaNoise: 0.008, chromaNoise: 0.004 },
    },
    size,
  );
  clip.walker({
    start: 1,
    speed: 1.2,
    steps: [[-11, 9.6], [0, 10.3], [0, 14.5], [-2.6, 16.2], { stay: 60, facing: [-4, 24] }],
  });
  clip.passer([16, 8.8], [-16, 9.2], 5);
  clip.watch("water_edge", { zone: "shore" }, [{ begin: 13.4, end: 33.9 }], "someone goes down to the water and stays");
  return clip;
}

/** People look at the water from the railing and sit on the bench; one comes half way down the steps; a dog swims not. */
export function waterEdgeNobody(size) {
  const clip = shore(
    {
      name: "water_edge_nobody",
      title: "水库大坝 Reservoir dam",
      seconds: 34,
      seed: 183,
      view: { height: 6, pitch: 22, fov: 43, yaw: 2 },
      clock: "2026-05-05 14:12:00",
      weather: { ...WEATHERS.sun, azimuth: 130, elevation: 52 },
      sensor: {},
    },
    size,
  );
  clip.walker({ start: -2, speed: 1.2, steps: [[13, 9.4], [3.6, 10.6], { stay: 11, facing: [4, 20] }, [-14, 9.6]] });
  clip.walker({
    start: 5,
    speed: 1.2,
    steps: [[-12, 9.4], [0, 10.3], [0, 12.6], { stay: 4, facing: [0, 20] }, [0, 10.3], [13, 9.2]],
  });
  clip.animal("dog", {
    start: 2,
    speed: 1.6,
    steps: [[7, 15.4], [2, 16.3], { stay: 3 }, [-6, 15.5], { stay: 4 }, [4, 16], { stay: 6 }, [7, 15.2]],
  });
  clip.watch("water_edge", { zone: "shore" });
  return clip;
}

function shore(plan, size) {
  const clip = new Clip({ place: "reservoir", shadows: { centre: [0, 14], radius: 18 }, ...plan }, size);
  reservoirPlace(clip);
  clip.zone("shore", "水边 Water edge", rectangle(-9.4, 9.4, 14.5, 17.1), LOW);
  return clip;
}
