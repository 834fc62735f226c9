/** Colours: linear RGB triples, 0 to 1, as the renderer adds up light. */

const toLinear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);

/** `0xrrggbb` as people write it. */
export function hex(value) {
  return [16, 8, 0].map((shift) => toLinear(((value >> shift) & 255) / 255));
}

/** Hue in turns, saturation and lightness 0 to 1. */
export function hsl(hue, saturation, lightness) {
  const a = saturation * Math.min(lightness, 1 - lightness);
  const channel = (n) => {
    const k = (n + hue * 12) % 12;
    return toLinear(lightness - a * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  };
  return [channel(0), channel(8), channel(4)];
}

export const grey = (lightness) => hsl(0, 0, lightness);

export const scaled = (colour, factor) => colour.map((c) => c * factor);

export const mixed = (a, b, share) => a.map((c, i) => c + (b[i] - c) * share);

/** A neighbour of `colour`: each channel and the whole differ by up to `amount`. */
export function varied(colour, random, amount) {
  const whole = 1 + random.range(-amount, amount);
  return colour.map((c) => Math.min(1, Math.max(0, c * whole * (1 + random.range(-amount, amount) / 2))));
}
