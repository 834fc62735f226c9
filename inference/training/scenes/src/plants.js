/** Trees, bushes and what grows in fields. */
import { Matrix4 } from "three";
import { hex, hsl, varied } from "./colour.js";
import { Figure } from "./figure.js";
import { at } from "./ground.js";
import { paint, ringY, Shape } from "./shape.js";
import { surface } from "./surface.js";

const LEAVES = [0x4f7a32, 0x3f6a2c, 0x6a8a3c, 0x5a7a48, 0x7a8a40, 0x466b3a];

function clump(shape, random, centre, radii, look, bone) {
  const bumps = Array.from({ length: 7 * 11 }, () => random.range(0.62, 1.28));
  const steps = 6;
  const rings = [];
  for (let i = 0; i <= steps; i++) {
    const angle = -Math.PI / 2 + (Math.PI * i) / steps;
    const width = Math.max(Math.cos(angle), 0.02);
    const shade = 0.5 + (0.65 * i) / steps;
    rings.push({
      c: [centre[0], centre[1] + radii[1] * Math.sin(angle), centre[2]],
      u: [radii[0] * width, 0, 0],
      v: [0, 0, radii[2] * width],
      paint: paint(look.colour.map((c) => c * shade)),
    });
  }
  shape.loft(rings, {
    segments: 11,
    caps: false,
    metric: 1.1,
    bone,
    bulge: (i, j) => bumps[(i * 11 + j) % bumps.length],
  });
}

function treeShape(
  random,
  { height, spread, isConifer = false, colour = varied(hex(random.pick(LEAVES)), random, 0.25) },
) {
  const leaves = new Shape();
  const trunk = new Shape();
  const bark = paint(varied(hex(0x5a4a3c), random, 0.25));
  const crown = height * random.range(0.32, 0.5);
  trunk.loft([ringY(0, height * 0.035 + 0.05), ringY(0.4, height * 0.022 + 0.03), ringY(height * 0.75, 0.04)], {
    segments: 8,
    paint: bark,
    metric: 1,
  });
  const look = paint(colour);
  if (isConifer) {
    for (let i = 0; i < 5; i++) {
      const y = height * (0.25 + 0.16 * i);
      const r = spread * 0.55 * (1 - i * 0.17);
      leaves.loft([ringY(y, r), ringY(y + height * 0.06, r * 0.7), ringY(y + height * 0.24, 0.05)], {
        segments: 10,
        paint: look,
        metric: 1.5,
        bone: [1, 0, 0],
      });
    }
  } else {
    const n = random.int(11, 16);
    for (let i = 0; i < n; i++) {
      const angle = i * 2.4 + random.range(-0.4, 0.4);
      const out = i < 2 ? 0 : spread * random.range(0.12, 0.4);
      const y = crown + (height - crown) * (i < 2 ? 0.45 + 0.3 * i : random.range(0.12, 0.8));
      const r = spread * (i < 2 ? 0.3 : random.range(0.14, 0.25));
      clump(
        leaves,
        random,
        [Math.cos(angle) * out, y, Math.sin(angle) * out],
        [r, r * random.range(0.6, 0.95), r],
        look,
        [0, 1, Math.min(1, 0.4 + 0.6 * random.next())],
      );
    }
  }
  return { trunk, leaves };
}

/**
 * A tree whose crown moves in the wind.
 * @param options `height`, `spread` (width of the crown) in metres, `isConifer`, `colour`, `wind`: metres that the top moves, 0 for a still day
 */
export function tree(world, random, place, options = {}) {
  const { height = random.range(4, 9), spread = height * random.range(0.5, 0.8), wind = 0.1 } = options;
  const { trunk, leaves } = treeShape(random, { ...options, height, spread });
  const [x, y, z] = at(...place, options.level ?? 0);
  append(world.batch("wood"), trunk, [x, y, z]);
  const crown = new Figure(leaves);
  crown.mesh.material = surface("leaves");
  world.addFigure(crown);
  world.take(place, 0.5);
  const phase = random.range(0, 9);
  const root = new Matrix4().makeTranslation(x, y, z);
  if (wind === 0) {
    crown.bend([root, root]);
    return;
  }
  world.animate((time) => {
    const gust = 0.6 + 0.4 * Math.sin(time * 0.31 + x);
    const sway = (wind * gust * Math.sin(time * 1.3 + phase)) / height;
    const top = root
      .clone()
      .multiply(new Matrix4().makeRotationZ(sway))
      .multiply(new Matrix4().makeRotationX(sway * 0.6 * Math.sin(time * 0.9 + phase)));
    const second = root
      .clone()
      .multiply(new Matrix4().makeRotationZ(sway * 1.8))
      .multiply(new Matrix4().makeRotationX(((wind * 0.8) / height) * Math.sin(time * 2.1 + phase * 2)));
    crown.bend([top, second]);
  });
}

/** Copies a shape around the origin to `offset` in another. */
export function append(target, shape, [ox, oy, oz]) {
  const first = target.vertexCount;
  for (let i = 0; i < shape.position.length; i += 3)
    target.position.push(shape.position[i] + ox, shape.position[i + 1] + oy, shape.position[i + 2] + oz);
  for (const key of ["normal", "color", "uv", "finish", "bone"])
    for (const value of shape[key]) target[key].push(value);
  for (const i of shape.index) target.index.push(first + i);
}

/** An immovable bush; `size` metres. */
export function bush(world, random, place, size = random.range(0.5, 1.4), level = 0) {
  const [x, y, z] = at(...place, level);
  const look = paint(varied(hex(random.pick(LEAVES)), random, 0.3));
  const n = random.int(2, 4);
  for (let i = 0; i < n; i++) {
    const r = size * random.range(0.35, 0.6);
    clump(
      world.batch("leaves"),
      random,
      [x + random.range(-0.35, 0.35) * size, y + r * 0.6, z + random.range(-0.35, 0.35) * size],
      [r, r * 0.8, r],
      look,
    );
  }
  world.take(place, size * 0.6);
}

/** A clipped hedge between two ground points. */
export function hedge(world, random, a, b, height = 0.8) {
  const n = Math.max(2, Math.round(Math.hypot(b[0] - a[0], b[1] - a[1]) / 0.9));
  const look = paint(varied(hex(random.pick(LEAVES)), random, 0.2));
  for (let i = 0; i <= n; i++) {
    const t = i / n;
    const [x, y, z] = at(a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t);
    clump(world.batch("leaves"), random, [x, y + height * 0.45, z], [0.62, height * 0.6, 0.5], look);
  }
}

/** Tufts of reed or grass scattered in a rectangle. */
export function tufts(world, random, [x0, x1, d0, d1], n, height = 0.4, level = 0) {
  const batch = world.batch("leaves");
  for (let i = 0; i < n; i++) {
    const place = [random.range(x0, x1), random.range(d0, d1)];
    const [x, y, z] = at(...place, level);
    const look = paint(hsl(random.range(0.15, 0.28), random.range(0.25, 0.5), random.range(0.2, 0.4)));
    const h = height * random.range(0.5, 1.3);
    batch.loft(
      [
        ringY(y, h * 0.18, h * 0.18, { x, z }),
        ringY(y + h * 0.5, h * 0.4, h * 0.35, { x, z }),
        ringY(y + h, h * 0.1, h * 0.1, { x: x + h * 0.1, z }),
      ],
      { segments: 6, caps: false, paint: look, metric: 0.7, bulge: (_ring, j) => (j % 2 ? 0.7 : 1.2) },
    );
  }
}
