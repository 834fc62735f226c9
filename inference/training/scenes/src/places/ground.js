/** Grounds: flat patches of a surface with stains, roads with markings, water. */
import { grey, hex, varied } from "../colour.js";
import { at } from "../ground.js";
import { cloudNoise } from "../noise.js";
import { paint } from "../shape.js";

/** Usual colours and metres per texture repetition. */
const SURFACES = {
  asphalt: [[0x74767a, 0x5c5e62, 0x86868a], 3],
  concrete: [[0xb0aca4, 0xa09c92, 0xc0bcb2], 5],
  earth: [[0xa08460, 0x8a7050, 0xb89a70], 5],
  grass: [[0x6f8a3e, 0x5a7a36, 0x8a8a48], 3],
  gravel: [[0xa09a90, 0x8c867a], 3],
  paving: [[0xb8b2a8, 0xa89a8c, 0xc0a898, 0x9a9c9e], 3.2],
  bigslab: [[0xc0bab0, 0xb0aca6], 2.4],
  cobble: [[0x9a948a, 0x8a8278], 2.4],
  brick: [[0xa86a54, 0x986052], 2.5],
  tiles: [[0xc8c2b6], 3],
};
export const SURFACE_NAMES = Object.keys(SURFACES);

/** A flat patch `[x0, x1, d0, d1]` of `name`, `y` metres high. */
export function floor(world, random, name, [x0, x1, d0, d1], { y = 0, colour, stains = 0.35, gloss = 0 } = {}) {
  const [colours, span] = SURFACES[name];
  const seed = random.int(0, 9);
  const cell = 2.5;
  const cells = [Math.min(40, Math.ceil((x1 - x0) / cell)), Math.min(40, Math.ceil((d1 - d0) / cell))];
  world.batch(name).patch([at(x0, d0, y), at(x1, d0, y), at(x1, d1, y), at(x0, d1, y)], {
    paint: paint(colour ?? varied(hex(random.pick(colours)), random, 0.12), { gloss }),
    span,
    cells,
    tint: ([x, , z]) => 1 + stains * (cloudNoise(`stain${seed}`, x / 50, z / 50, 8, 3) - 0.5) * 2,
  });
}

/** A worn white or yellow line between two ground points. */
export function line(world, a, b, { width = 0.14, dash = 0, colour = grey(0.72), y = 0.035 } = {}) {
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
  const [ux, ud] = [(b[0] - a[0]) / length, (b[1] - a[1]) / length];
  const [sx, sd] = [(-ud * width) / 2, (ux * width) / 2];
  const batch = world.batch("concrete");
  const piece = dash || length;
  for (let s = 0; s < length; s += dash ? dash * 2 : length) {
    const e = Math.min(length, s + piece);
    const p = (t, side) => at(a[0] + ux * t + sx * side, a[1] + ud * t + sd * side, y);
    batch.patch([p(s, -1), p(e, -1), p(e, 1), p(s, 1)], { paint: paint(colour), span: 2 });
  }
}

/** Zebra crossing over `[x0, x1]` by `[d0, d1]`; stripes run along d when `alongD`. */
export function zebra(world, [x0, x1, d0, d1], alongD) {
  const [low, high] = alongD ? [x0, x1] : [d0, d1];
  for (let s = low + 0.2; s + 0.4 < high; s += 0.9) {
    if (alongD) line(world, [s + 0.2, d0], [s + 0.2, d1], { width: 0.42 });
    else line(world, [x0, s + 0.2], [x1, s + 0.2], { width: 0.42 });
  }
}

/** A body of water at height `y`; it ripples. */
export function water(
  world,
  random,
  [x0, x1, d0, d1],
  { y = -0.5, colour = varied(hex(random.pick([0x4a6258, 0x3f5a62, 0x5a6a50, 0x56686e])), random, 0.15) } = {},
) {
  world.batch("water").patch([at(x0, d0, y), at(x1, d0, y), at(x1, d1, y), at(x0, d1, y)], {
    paint: paint(colour, { gloss: 0.75 }),
    span: 7,
    cells: [20, 20],
    tint: ([x, , z]) => 0.75 + 0.5 * cloudNoise("lake", x / 60, z / 60, 4, 3),
  });
}

/** Ground up to the horizon and a rim of far trees or hills, so that no picture shows the end of the world. */
export function surroundings(world, random, name = random.pick(["grass", "earth", "concrete"])) {
  floor(world, random, name, [-90, 90, -8, 150], { y: -0.03, stains: 0.5 });
  const hills = world.batch("leaves");
  for (let i = 0; i < 26; i++) {
    const angle = -1.25 + (2.5 * i) / 25;
    const far = random.range(85, 140);
    const size = random.range(5, 14);
    const [x, , z] = at(Math.sin(angle) * far, Math.cos(angle) * far);
    hills.ball([x, 0, z], [size * random.range(1.2, 2.2), size * random.range(0.5, 1), size], {
      paint: paint(varied(hex(0x56704a), random, 0.2)),
      metric: 6,
      steps: 6,
      segments: 10,
    });
  }
}
