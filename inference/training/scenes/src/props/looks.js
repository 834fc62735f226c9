/** Paints and poles that many props share. */
import { hex, hsl, varied } from "../colour.js";
import { Frame } from "../frame.js";
import { paint } from "../shape.js";

export const metal = (random) =>
  paint(varied(hex(random.pick([0x8a9094, 0x5a6064, 0xb8bcbc, 0x3a4044])), random, 0.2), { gloss: 0.3 });
export const bright = (random) => hsl(random.next(), random.range(0.4, 0.9), random.range(0.3, 0.6));
export const wood = (random) => paint(varied(hex(random.pick([0x8a6a48, 0x6a4e34, 0xa88a60, 0x5a4636])), random, 0.2));

/** An upright pole; returns the frame at its foot. */
export function pole(world, place, height, radius, look, level = 0) {
  const frame = new Frame(place, 0, level);
  frame.tube(world.batch("plain"), [0, 0, 0], [0, height, 0], radius, look, { tip: radius * 0.75 });
  world.take(place, 0.3);
  return frame;
}
