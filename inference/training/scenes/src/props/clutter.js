/** Props to scatter, by name. */

import { decoy, heap, laundry, parasol, stall } from "./market.js";
import { bench, bin, bollard, cone, hydrant, rock, sign, utilityPole } from "./street.js";

/** Props for outdoor clutter, with their weights. */
export const CLUTTER = {
  bollard: 3,
  cone: 1,
  utilityPole: 2,
  sign: 2,
  bench: 1.5,
  bin: 2,
  hydrant: 1,
  parasol: 1,
  stall: 1.2,
  rock: 1.5,
  laundry: 1,
  heap: 2,
  decoy: 3,
};
const BY_NAME = { bollard, cone, utilityPole, sign, bench, bin, hydrant, parasol, stall, rock, laundry, heap, decoy };

/** One prop of CLUTTER. */
export function prop(world, random, name, place) {
  const takesYaw = ["sign", "bench", "bin", "stall", "laundry"].includes(name);
  if (takesYaw) BY_NAME[name](world, random, place, random.range(-Math.PI, Math.PI));
  else BY_NAME[name](world, random, place);
}
