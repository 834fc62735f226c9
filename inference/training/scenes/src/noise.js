/** Smooth noise on a lattice. */
import { hash } from "./random.js";

const lattice = new Map();

/** `size` * `size` random values of one seed. */
function latticeOf(seed, size) {
  const key = `${seed}/${size}`;
  if (!lattice.has(key)) {
    const values = new Float32Array(size * size);
    for (let i = 0; i < values.length; i++) values[i] = hash(seed, i) / 4294967296;
    lattice.set(key, values);
  }
  return lattice.get(key);
}

/** Value noise, 0 to 1, that repeats after `period` (a whole number) in both directions. */
export function valueNoise(seed, x, y, period) {
  const values = latticeOf(seed, period);
  const ix = Math.floor(x);
  const iy = Math.floor(y);
  const smooth = (t) => t * t * (3 - 2 * t);
  const fx = smooth(x - ix);
  const fy = smooth(y - iy);
  const wrap = (i) => ((i % period) + period) % period;
  const at = (i, j) => values[wrap(j) * period + wrap(i)];
  const top = at(ix, iy) + (at(ix + 1, iy) - at(ix, iy)) * fx;
  const bottom = at(ix, iy + 1) + (at(ix + 1, iy + 1) - at(ix, iy + 1)) * fx;
  return top + (bottom - top) * fy;
}

/** Several octaves of it, 0 to 1; `u` and `v` in 0..1 are one repetition. */
export function cloudNoise(seed, u, v, period, octaves) {
  let sum = 0;
  let weight = 0;
  for (let octave = 0, share = 1, n = period; octave < octaves; octave++, share /= 2, n *= 2) {
    sum += share * valueNoise(`${seed}.${octave}`, u * n, v * n, n);
    weight += share;
  }
  return sum / weight;
}
