/**
 * Surfaces of things, built by hand: lofts, tubes, boxes and patches that share one vertex format.
 *
 * Metres, y up. A thing of its own looks along +z, its left is +x. Every vertex carries a paint (colour, gloss, glow,
 * pattern) and up to two bones, so that one mesh is one thing however it bends.
 */

/** Pattern cells of the fabric sheet: 4 by 4, see textures.js. */
const CELLS = 4;
const CELL_MARGIN = 0.03;

/**
 * What a surface looks like.
 * @param colour linear RGB
 * @param options `gloss` 0..1 (how much it mirrors the sky), `glow` (light of its own, 1 = as bright as a white wall in
 *   the sun), `cell` 0..15 (pattern of the fabric sheet)
 */
export function paint(colour, { gloss = 0, glow = 0, cell = 0 } = {}) {
  return { colour, gloss, glow, cell };
}

/** A horizontal ring at height `y`; radii and offsets in metres. */
export const ringY = (y, rx, rz = rx, more = {}) => ({
  c: [more.x ?? 0, y, more.z ?? 0],
  u: [rx, 0, 0],
  v: [0, 0, rz],
  ...more,
});

/** An upright ring across the direction of travel. */
export const ringZ = (z, rx, ry, y, more = {}) => ({ c: [more.x ?? 0, y, z], u: [rx, 0, 0], v: [0, ry, 0], ...more });

const sub = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
function unit(a) {
  const length = Math.hypot(...a);
  return length > 1e-9 ? a.map((x) => x / length) : [0, 1, 0];
}
/** Circle (0) to nearly a square (1). */
const squared = (x, square) => Math.sign(x) * Math.abs(x) ** (1 - 0.8 * square);

export class Shape {
  position = [];
  normal = [];
  color = [];
  uv = [];
  finish = [];
  bone = [];
  index = [];

  get vertexCount() {
    return this.position.length / 3;
  }

  vertex(position, normal, look, uv, bone) {
    this.position.push(...position);
    this.normal.push(...normal);
    this.color.push(...look.colour);
    this.finish.push(look.gloss, look.glow);
    this.uv.push(...uv);
    this.bone.push(...(bone ?? NO_BONE));
    return this.vertexCount - 1;
  }

  /**
   * A skin over rings, first to last.
   * @param rings `{c, u, v}`: centre and half axes; optional `square` 0..1, `paint`, `bone`
   * @param options `paint`: a paint or `(angle, ringIndex) => paint`; `bone`: `[a, b, share of b]`;
   *   `metric`: metres per texture repetition instead of a fabric cell; `bulge(i, j)`: factor on the radius
   */
  loft(rings, { segments = 12, paint: common, bone, caps = true, metric, bulge } = {}) {
    const points = rings.map((ring, i) =>
      Array.from({ length: segments }, (_, j) => {
        const angle = (2 * Math.PI * j) / segments;
        const swell = bulge ? bulge(i, j) : 1;
        const a = squared(Math.cos(angle), ring.square ?? 0) * swell;
        const b = squared(Math.sin(angle), ring.square ?? 0) * swell;
        return [0, 1, 2].map((k) => ring.c[k] + a * ring.u[k] + b * ring.v[k]);
      }),
    );
    const axis = sub(rings.at(-1).c, rings[0].c);
    const middle = rings[Math.floor(rings.length / 2)];
    const flip = dot(cross(middle.u, middle.v), axis) > 0;
    const first = this.vertexCount;
    let along = 0;
    rings.forEach((ring, i) => {
      if (i > 0) along += Math.hypot(...sub(points[i][0], points[i - 1][0]));
      const girth = 2 * Math.PI * Math.max(Math.hypot(...ring.u), Math.hypot(...ring.v));
      for (let j = 0; j <= segments; j++) {
        const k = j % segments;
        const angle = (2 * Math.PI * j) / segments;
        const look = choose(ring.paint ?? common, angle, i);
        const around = sub(points[i][(k + 1) % segments], points[i][(k + segments - 1) % segments]);
        const up = sub(points[Math.min(i + 1, rings.length - 1)][k], points[Math.max(i - 1, 0)][k]);
        let normal = unit(cross(up, around));
        const outward = sub(points[i][k], ring.c);
        if (dot(normal, outward) < 0) normal = normal.map((x) => -x);
        const uv = metric
          ? [((j / segments) * girth) / metric, along / metric]
          : cellUv(look.cell, j / segments, i / (rings.length - 1));
        this.vertex(points[i][k], normal, look, uv, choose(ring.bone ?? bone, angle, i));
      }
    });
    const row = segments + 1;
    for (let i = 0; i + 1 < rings.length; i++) {
      for (let j = 0; j < segments; j++) {
        const a = first + i * row + j;
        this.#quad(a, a + 1, a + row + 1, a + row, flip);
      }
    }
    if (caps) {
      this.#cap(rings[0], points[0], choose(rings[0].paint ?? common, 0, 0), rings[0].bone ?? bone, axis, -1, flip);
      const last = rings.length - 1;
      this.#cap(
        rings[last],
        points[last],
        choose(rings[last].paint ?? common, 0, last),
        rings[last].bone ?? bone,
        axis,
        1,
        flip,
      );
    }
    return this;
  }

  #quad(a, b, c, d, flip) {
    if (flip) this.index.push(a, b, c, a, c, d);
    else this.index.push(a, c, b, a, d, c);
  }

  #cap(ring, points, look, bone, axis, side, flip) {
    if (Math.max(Math.hypot(...ring.u), Math.hypot(...ring.v)) < 0.004) return;
    const normal = unit(axis).map((x) => x * side);
    const where = choose(bone, 0, 0);
    const centre = this.vertex(ring.c, normal, look, cellUv(look.cell, 0.5, 0.5), where);
    const rim = points.map((p) => this.vertex(p, normal, look, cellUv(look.cell, 0.5, 0.5), where));
    rim.forEach((a, j) => {
      const b = rim[(j + 1) % rim.length];
      if (side > 0 === flip) this.index.push(centre, a, b);
      else this.index.push(centre, b, a);
    });
  }

  /** A round bar between two points. */
  tube(a, b, radiusA, radiusB = radiusA, options = {}) {
    const axis = unit(sub(b, a));
    const side = unit(cross(axis, Math.abs(axis[1]) < 0.9 ? [0, 1, 0] : [1, 0, 0]));
    const other = cross(axis, side);
    const ring = (c, r) => ({ c, u: side.map((x) => x * r), v: other.map((x) => x * r) });
    return this.loft([ring(a, radiusA), ring(b, radiusB)], { segments: 8, ...options });
  }

  /** An ellipsoid; `radii` in metres. */
  ball(centre, radii, options = {}) {
    const steps = options.steps ?? 6;
    const rings = [];
    for (let i = 0; i <= steps; i++) {
      const angle = -Math.PI / 2 + (Math.PI * i) / steps;
      const width = Math.max(Math.cos(angle), 0.02);
      rings.push({
        c: [centre[0], centre[1] + radii[1] * Math.sin(angle), centre[2]],
        u: [radii[0] * width, 0, 0],
        v: [0, 0, radii[2] * width],
      });
    }
    return this.loft(rings, { segments: 10, caps: false, ...options });
  }

  /**
   * A box standing on `base` (the middle of its lower face).
   * @param options `yaw` in radians, `span`: metres per texture repetition, `taper`: size of the top relative to the base
   */
  box(base, [width, height, depth], { paint: look, yaw = 0, span = 2, taper = 1, bone } = {}) {
    const cos = Math.cos(yaw);
    const sin = Math.sin(yaw);
    const corner = (sx, sy, sz) => {
      const t = sy ? taper : 1;
      const x = (sx * width * t) / 2;
      const z = (sz * depth * t) / 2;
      return [base[0] + x * cos + z * sin, base[1] + sy * height, base[2] - x * sin + z * cos];
    };
    const faces = [
      [
        [-1, 0, 1],
        [1, 0, 1],
        [1, 1, 1],
        [-1, 1, 1],
      ],
      [
        [1, 0, -1],
        [-1, 0, -1],
        [-1, 1, -1],
        [1, 1, -1],
      ],
      [
        [1, 0, 1],
        [1, 0, -1],
        [1, 1, -1],
        [1, 1, 1],
      ],
      [
        [-1, 0, -1],
        [-1, 0, 1],
        [-1, 1, 1],
        [-1, 1, -1],
      ],
      [
        [-1, 1, 1],
        [1, 1, 1],
        [1, 1, -1],
        [-1, 1, -1],
      ],
      [
        [-1, 0, -1],
        [1, 0, -1],
        [1, 0, 1],
        [-1, 0, 1],
      ],
    ];
    for (const face of faces)
      this.patch(
        face.map((c) => corner(...c)),
        { paint: look, span, bone },
      );
    return this;
  }

  /**
   * A flat patch, corners counter-clockwise seen from its front.
   * @param options `cells`: subdivisions `[along the first edge, along the second]`; `tint(point)`: factor on the colour
   */
  patch([p0, p1, p2, p3], { paint: look, span = 2, cells = [1, 1], tint, bone } = {}) {
    const normal = unit(cross(sub(p1, p0), sub(p3, p0)));
    const lengthU = Math.hypot(...sub(p1, p0));
    const lengthV = Math.hypot(...sub(p3, p0));
    const isFloor = Math.abs(normal[1]) > 0.9;
    const first = this.vertexCount;
    const [nu, nv] = cells;
    for (let j = 0; j <= nv; j++) {
      for (let i = 0; i <= nu; i++) {
        const s = i / nu;
        const t = j / nv;
        const point = [0, 1, 2].map((k) => (p0[k] * (1 - s) + p1[k] * s) * (1 - t) + (p3[k] * (1 - s) + p2[k] * s) * t);
        const shade = tint ? tint(point) : 1;
        const uv = isFloor ? [point[0] / span, point[2] / span] : [(s * lengthU) / span, (t * lengthV) / span];
        this.vertex(point, normal, { ...look, colour: look.colour.map((c) => c * shade) }, uv, bone);
      }
    }
    for (let j = 0; j < nv; j++) {
      for (let i = 0; i < nu; i++) {
        const a = first + j * (nu + 1) + i;
        this.index.push(a, a + 1, a + nu + 2, a, a + nu + 2, a + nu + 1);
      }
    }
    return this;
  }
}

const NO_BONE = [0, 0, 0];

const choose = (value, angle, ring) => (typeof value === "function" ? value(angle, ring) : value);

function cellUv(cell, u, v) {
  const inside = (t) => CELL_MARGIN + Math.min(1, Math.max(0, t)) * (1 - 2 * CELL_MARGIN);
  return [((cell % CELLS) + inside(u)) / CELLS, (Math.floor(cell / CELLS) + inside(v)) / CELLS];
}
