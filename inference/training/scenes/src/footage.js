/** Renders a loop frame by frame. */

import { LOOPS } from "./loops/index.js";
import { FPS } from "./loops/timing.js";
import { hash } from "./random.js";

/** Fewer visible pixels than this are nobody's evidence. */
const MIN_AREA_PX = 12;
/** Camera settings of all loops: calm, so that little of the file is noise. */
const SENSOR = { softness: 0.7, sharpening: 0.3, lumaNoise: 0.004, chromaNoise: 0.002, vignette: 0.12 };

/** What the host must know of a loop beside its frames. */
function description(loop, { width, height }) {
  const { name, title, place, seconds, seed, zones, rules } = loop;
  return { name, title, place, seed, fps: FPS, frames: seconds * FPS, width, height, zones, rules };
}

/**
 * @param every only every so many frames
 * @param deliver `async (frame number, labels) => void`, called when a frame is on the canvas
 * @returns the loop's description
 */
export async function renderLoop(stage, name, every, deliver) {
  const loop = LOOPS[name].build(stage);
  const { world, camera } = loop;
  world.finish(loop.weather, { ...loop.shadows, shadowSize: stage.shadowSize, cameraHeight: loop.view.height });
  const frames = loop.seconds * FPS;
  let gain;
  for (let frame = 0; frame < frames; frame += every) {
    world.moveTo(frame / FPS);
    gain = stage.draw(world, camera, {
      sensor: { ...SENSOR, ...loop.sensor },
      noiseSeed: hash(loop.seed, frame) / 4294967296,
      gain,
      scale: 1,
      text: clockText(loop.clock, frame, stage.height),
    });
    const labels = stage.label(world, camera).filter(({ box }) => box.area >= MIN_AREA_PX);
    await deliver(
      frame,
      labels.map(({ id, cls, box, visibility }) => ({ id, cls, box, visibility })),
    );
  }
  const result = description(loop, stage);
  world.dispose();
  return result;
}

/** The camera's clock, burnt into the picture; loops do not cross midnight. */
function clockText(begin, frame, height) {
  const [day, time] = begin.split(" ");
  const [hours, minutes, seconds] = time.split(":").map(Number);
  const now = hours * 3600 + minutes * 60 + seconds + Math.floor(frame / FPS);
  const parts = [Math.floor(now / 3600), Math.floor(now / 60) % 60, now % 60];
  const text = `${day} ${parts.map((part) => String(part).padStart(2, "0")).join(":")}`;
  return [{ text, x: 0.015, y: 0.05, size: Math.round(height * 0.034) }];
}
