/**
 * Grey detail of surfaces, painted pixel by pixel; the colour comes from the paint of each vertex.
 *
 * A texture is a factor on the colour, about 0.8 in the mean. All repeat seamlessly, except the fabric sheet.
 */
import * as THREE from "three";
import { cloudNoise, valueNoise } from "./noise.js";
import { hash } from "./random.js";

const SIZE = 256;
const FABRIC_SIZE = 512;
const clamp = (x) => Math.min(1, Math.max(0, x));
const grain = (seed, x, y) => hash(seed, x, y) / 4294967296;
const step = (edge, x, width) => clamp((x - edge) / width + 0.5);

/** Stones of `nu` by `nv`, rows shifted by `shift` of a stone, joints `joint` wide; each stone has a shade of its own. */
function masonry(seed, u, v, nu, nv, { shift = 0, joint = 0.04, spread = 0.2, depth = 0.45 } = {}) {
  const row = Math.floor(v * nv);
  const x = u * nu + (row % 2) * shift;
  const fu = x - Math.floor(x);
  const fv = v * nv - row;
  const edge = Math.min(Math.min(fu, 1 - fu) / nu, Math.min(fv, 1 - fv) / nv) * Math.max(nu, nv);
  const shade = 1 - spread * (hash(seed, Math.floor(x) % nu, row) / 4294967296);
  return shade * (1 - depth * (1 - step(joint, edge, joint)));
}

/** Name to `(u, v, x, y) => factor`; u and v are 0..1, x and y pixels. */
const PATTERNS = {
  plain: (u, v, x, y) => 0.86 + 0.1 * cloudNoise("plain", u, v, 8, 4) + 0.04 * grain("p", x, y),
  asphalt: (u, v, x, y) => 0.55 + 0.3 * cloudNoise("asphalt", u, v, 4, 5) + 0.25 * grain("a", x, y) ** 2,
  concrete: (u, v, x, y) => 0.6 + 0.32 * cloudNoise("concrete", u, v, 4, 6) + 0.08 * grain("c", x, y),
  earth: (u, v, x, y) => 0.4 + 0.5 * cloudNoise("earth", u, v, 6, 6) + 0.15 * grain("e", x, y),
  grass: (u, v, x, y) =>
    0.3 +
    0.4 * cloudNoise("grass", u, v, 8, 3) +
    0.5 * valueNoise("blade", u * 128, v * 48, 128) * grain("g", x, y >> 2),
  gravel: (u, v) => 0.35 + 0.6 * valueNoise("gravel", u * 64, v * 64, 64) * (0.7 + 0.3 * cloudNoise("gr", u, v, 4, 3)),
  paving: (u, v, x, y) => masonry("paving", u, v, 6, 6, { joint: 0.03 }) * (0.88 + 0.12 * grain("pv", x, y)),
  bigslab: (u, v, x, y) =>
    masonry("bigslab", u, v, 2, 2, { joint: 0.012, spread: 0.1 }) *
    (0.75 + 0.25 * cloudNoise("slab", u, v, 6, 5)) *
    (0.95 + 0.05 * grain("bs", x, y)),
  cobble: (u, v) => masonry("cobble", u, v, 10, 10, { shift: 0.5, joint: 0.09, spread: 0.4, depth: 0.6 }),
  brick: (u, v, x, y) =>
    masonry("brick", u, v, 6, 16, { shift: 0.5, joint: 0.05, spread: 0.3, depth: -0.35 }) *
    (0.85 + 0.15 * grain("b", x, y)),
  tiles: (u, v) => masonry("tiles", u, v, 12, 12, { joint: 0.05, spread: 0.06, depth: 0.2 }),
  plaster: (u, v, x, y) => 0.72 + 0.2 * cloudNoise("plaster", u, v, 3, 6) + 0.05 * grain("pl", x, y),
  wood: (u, v, x) =>
    masonry("wood", u, v, 1, 6, { joint: 0.03, spread: 0.3 }) *
    (0.75 + 0.25 * valueNoise("wood", u * 8, v * 96, 96)) *
    (0.97 + 0.03 * grain("w", x, 0)),
  rooftile: (u, v) => (0.55 + 0.4 * Math.abs(Math.sin(u * Math.PI * 14))) * (0.6 + 0.4 * clamp(((v * 10) % 1) * 3)),
  corrugated: (u) => 0.65 + 0.3 * Math.sin(u * Math.PI * 40) ** 2,
  leaves: (u, v, x, y) => {
    const clump = cloudNoise("leaves", u, v, 10, 3);
    const leaf = valueNoise("leaf", u * 64, v * 64, 64);
    return clamp(
      0.12 +
        1.3 * clump * leaf +
        0.55 * (leaf > 0.6) * clump -
        0.25 * (leaf < 0.32) +
        0.22 * (grain("l", x >> 2, y >> 2) - 0.3),
    );
  },
  water: (u, v) => {
    const ripple = valueNoise("ripple", u * 24, v * 60, 120) * 0.6 + valueNoise("ripple2", u * 60, v * 120, 240) * 0.4;
    return 0.55 + 0.45 * ripple * (0.6 + 0.4 * cloudNoise("wave", u, v, 3, 3));
  },
  carpet: (u, v, x, y) => 0.6 + 0.2 * cloudNoise("carpet", u, v, 6, 3) + 0.25 * grain("cp", x >> 1, y >> 1),
  checkerfloor: (u, v) =>
    ((Math.floor(u * 4) + Math.floor(v * 4)) % 2 ? 0.55 : 0.95) *
    masonry("cf", u, v, 4, 4, { joint: 0.01, spread: 0.1 }),
};

const wave = (t) => 0.5 + 0.5 * Math.sin(t * 2 * Math.PI);
/** The 16 cells of the fabric sheet, `(u, v) => factor`; u runs around the body, v along it. */
const FABRICS = [
  () => 0.95, // smooth, also metal and skin
  (u, v) => 0.75 + 0.25 * cloudNoise("cloth", u, v, 8, 4), // folds
  (u, v) => 0.6 + 0.4 * cloudNoise("denim", u, v * 0.5, 6, 5),
  (_u, v) => (wave(v * 9) > 0.5 ? 1 : 0.35), // sailor stripes
  (u) => (wave(u * 12) > 0.5 ? 1 : 0.5), // pinstripes
  (u, v) => (wave(u * 8) > 0.5 ? 0.95 : 0.55) * (wave(v * 8) > 0.5 ? 1 : 0.6), // checks
  (u, v) => 0.5 + (0.5 * Math.round(3 * cloudNoise("camouflage", u, v, 6, 2))) / 3,
  (u, v) => (valueNoise("flower", u * 16, v * 16, 16) > 0.68 ? 0.35 : 1), // flowers
  (u, v) => 0.7 + 0.3 * wave(u * 24) * wave(v * 24), // knit
  (u, v) => (Math.hypot(((u * 8) % 1) - 0.5, ((v * 8) % 1) - 0.5) < 0.25 ? 0.4 : 1), // dots
  (_u, v) => (v > 0.45 && v < 0.62 ? 0.3 : 1), // a broad band
  (_u, v) => 1 - 0.6 * (v > 0.55), // two halves
  (u, v) => 0.55 + 0.45 * valueNoise("fur", u * 20, v * 20, 20),
  (u, v) => 0.85 + 0.15 * wave(v * 6 + cloudNoise("crease", u, v, 5, 3) * 3), // down jacket
  (u, v) => (valueNoise("patch", u * 5, v * 5, 5) > 0.55 ? 0.15 : 1), // cow
  (u, v) => 0.9 - 0.35 * cloudNoise("dirt", u, v, 5, 4) ** 2,
];

function bytes(size, value) {
  const data = new Uint8Array(size * size * 4);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const grey = Math.round(clamp(value(x, y)) * 255);
      data.fill(grey, (y * size + x) * 4, (y * size + x) * 4 + 3);
      data[(y * size + x) * 4 + 3] = 255;
    }
  }
  return data;
}

function texture(size, value, repeats) {
  const made = new THREE.DataTexture(bytes(size, value), size, size);
  made.wrapS = made.wrapT = repeats ? THREE.RepeatWrapping : THREE.ClampToEdgeWrapping;
  made.magFilter = THREE.LinearFilter;
  made.minFilter = THREE.LinearMipmapLinearFilter;
  made.generateMipmaps = true;
  made.anisotropy = repeats ? 2 : 1;
  made.needsUpdate = true;
  return made;
}

const made = new Map();

/** The texture of that name; `'fabric'` is the sheet of things that move. */
export function textureNamed(name) {
  if (!made.has(name)) {
    if (name === "fabric") {
      const cell = FABRIC_SIZE / 4;
      made.set(
        name,
        texture(
          FABRIC_SIZE,
          (x, y) => {
            const fabric = FABRICS[Math.floor(y / cell) * 4 + Math.floor(x / cell)];
            return fabric((x % cell) / cell, (y % cell) / cell) * (0.94 + 0.06 * grain("fabric", x, y));
          },
          false,
        ),
      );
    } else {
      const pattern = PATTERNS[name];
      if (!pattern) throw new Error(`no texture is called ${name}`);
      made.set(
        name,
        texture(SIZE, (x, y) => pattern((x + 0.5) / SIZE, (y + 0.5) / SIZE, x, y), true),
      );
    }
  }
  return made.get(name);
}
