/**
 * Seeded pseudo-random numbers: the only source of chance in this program, so that a seed is a picture.
 */

/** Mixes numbers and strings into 32 bits; equal arguments give equal results on every machine. */
export function hash(...parts) {
  let h = 0x9e3779b9;
  for (const part of parts) {
    for (const unit of String(part)) {
      h = Math.imul(h ^ unit.codePointAt(0), 0x85ebca6b);
      h = (h << 13) | (h >>> 19);
    }
    h = Math.imul(h ^ 0x2f, 0xc2b2ae35);
  }
  h ^= h >>> 16;
  h = Math.imul(h, 0x7feb352d);
  h ^= h >>> 15;
  h = Math.imul(h, 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A stream of random numbers (mulberry32). */
export class Random {
  #state;

  constructor(...seed) {
    this.#state = hash(...seed);
  }

  /** Uniform in [0, 1). */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** Uniform in [low, high). */
  range(low, high) {
    return low + (high - low) * this.next();
  }

  /** Whole number, both ends included. */
  int(low, high) {
    return low + Math.floor((high - low + 1) * this.next());
  }

  chance(probability) {
    return this.next() < probability;
  }

  pick(list) {
    return list[Math.floor(this.next() * list.length)];
  }

  /** `table` maps a name to its weight. */
  weighted(table) {
    const entries = Object.entries(table);
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of entries) {
      left -= weight;
      if (left < 0) return name;
    }
    return entries.at(-1)[0];
  }

  /** Bell-shaped around `mean`, three sums of uniforms: never further away than 3 `spread`. */
  normal(mean, spread) {
    return mean + spread * 2 * (this.next() + this.next() + this.next() - 1.5);
  }

  /** A stream of its own that depends on this one's past and on `label`. */
  fork(label) {
    return new Random(label, Math.floor(this.next() * 4294967296));
  }
}
