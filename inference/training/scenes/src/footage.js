/** Renders a loop frame by frame. */

import { CLIPS } from "./clips/index.js";
import { LOOPS } from "./loops/index.js";
import { hash } from "./random.js";

/** Fewer visible pixels than this are nobody's evidence. */
const MIN_AREA_PX = 12;
/** Camera settings of all loops: calm, so that little of the file is noise. */
const SENSOR = { softness: 0.7, sharpening: 0.3, lumaNoise: 0.004, chromaNoise: 0.002, vignette: 0.12 };

/** What the host must know of a loop beside its frames. */
function description(loop, { width, height }) {
  const { name, title, place, seconds, seed, fps, zones, lines, rules, calm } = loop;
  return { name, title, place, seed, fps, frames: seconds * fps, width, height, zones, lines, rules, calm };
}

/** Where everything is and what it does, whether the camera sees it or not; see happenings.js. */
const factsOf = (world) =>
  world.things
    .filter(({ ground }) => ground)
    .map(({ id, cls, ground, holder, length, width }) => ({
      id,
      cls,
      place: ground.place.map(millimetres),
      heading: ground.heading.map(millimetres),
      doing: ground.doing,
      holder: holder?.id,
      length,
      width,
    }));
const millimetres = (v) => Math.round(v * 1000) / 1000;

/** Everything that can be rendered, by name. */
export const FOOTAGE = { ...LOOPS, ...CLIPS };

/**
 * @param every only every so many frames
 * @param isDrawn whether there shall be a picture, or boxes alone
 * @param deliver `async (frame number, labels, facts) => void`, called when a frame is on the canvas
 * @returns the loop's description
 */
export async function renderLoop(stage, name, { every, isDrawn }, deliver) {
  const loop = FOOTAGE[name].build(stage);
  const { world, camera } = loop;
  world.finish(loop.weather, { ...loop.shadows, shadowSize: stage.shadowSize, cameraHeight: loop.view.height });
  const frames = loop.seconds * loop.fps;
  const backdrop = isDrawn ? stage.backdrop(world, camera) : null;
  let gain;
  for (let frame = 0; frame < frames; frame += every) {
    world.moveTo(frame / loop.fps);
    if (isDrawn) {
      const drawn = stage.draw(world, camera, {
        sensor: { ...SENSOR, ...loop.sensor, ...loop.sensorAt(frame / loop.fps) },
        noiseSeed: hash(loop.seed, frame) / 4294967296,
        gain,
        backdrop,
        scale: 1,
        text: clockText(loop.clock, frame / loop.fps, stage.height),
      });
      gain ??= drawn;
    }
    const labels = stage.label(world, camera).filter(({ box }) => box.area >= MIN_AREA_PX);
    await deliver(
      frame,
      labels.map(({ id, cls, box, visibility }) => ({ id, cls, box, visibility })),
      factsOf(world),
    );
  }
  const result = description(loop, stage);
  backdrop?.dispose();
  world.dispose();
  return result;
}

/** The camera's clock, burnt into the picture; loops do not cross midnight. */
function clockText(begin, elapsed, height) {
  const [day, time] = begin.split(" ");
  const [hours, minutes, seconds] = time.split(":").map(Number);
  const now = hours * 3600 + minutes * 60 + seconds + Math.floor(elapsed);
  const parts = [Math.floor(now / 3600), Math.floor(now / 60) % 60, now % 60];
  const text = `${day} ${parts.map((part) => String(part).padStart(2, "0")).join(":")}`;
  return [{ text, x: 0.015, y: 0.05, size: Math.round(height * 0.034) }];
}
