/**
 * Exact boxes: what is visible is counted in a picture of identities, what there is in all is drawn by hand.
 *
 * Boxes are `{left, top, width, height}` in pixels.
 */

/** Triangles nearer than this are cut away, metres. */
const NEAR = 0.12;

/**
 * Visible extent of every identity.
 * @param pixels RGBA bytes, rows from the bottom up; an identity is r + 256 g, 0 is none
 * @returns Map of identity to `{left, top, width, height, area}`
 */
export function visibleBoxes(pixels, width, height) {
  const found = new Map();
  for (let row = 0, i = 0; row < height; row++) {
    const y = height - 1 - row;
    for (let x = 0; x < width; x++, i += 4) {
      const id = pixels[i] | (pixels[i + 1] << 8);
      if (id === 0) continue;
      let box = found.get(id);
      if (!box) {
        box = { x0: x, x1: x, y0: y, y1: y, area: 0 };
        found.set(id, box);
      }
      if (x < box.x0) box.x0 = x;
      if (x > box.x1) box.x1 = x;
      if (y < box.y0) box.y0 = y;
      if (y > box.y1) box.y1 = y;
      box.area++;
    }
  }
  return new Map(
    [...found].map(([id, b]) => [
      id,
      { left: b.x0, top: b.y0, width: b.x1 - b.x0 + 1, height: b.y1 - b.y0 + 1, area: b.area },
    ]),
  );
}

/**
 * The outline of a figure as if nothing stood before it and the picture had no border.
 * @param vertices world positions, xyz after xyz
 * @param triangles vertex indices, three by three
 * @param viewProjection 16 elements, column by column
 * @returns `{left, top, width, height, area}` with the area in pixels (0: nothing before the camera)
 */
export function silhouette(vertices, triangles, viewProjection, width, height) {
  const m = viewProjection;
  const n = vertices.length / 3;
  const points = new Float32Array(n * 2);
  const isBehind = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    const x = vertices[i * 3];
    const y = vertices[i * 3 + 1];
    const z = vertices[i * 3 + 2];
    const w = m[3] * x + m[7] * y + m[11] * z + m[15];
    if (w < NEAR) {
      isBehind[i] = 1;
      continue;
    }
    points[i * 2] = (((m[0] * x + m[4] * y + m[8] * z + m[12]) / w + 1) * width) / 2;
    points[i * 2 + 1] = ((1 - (m[1] * x + m[5] * y + m[9] * z + m[13]) / w) * height) / 2;
  }
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < n; i++) {
    if (isBehind[i]) continue;
    x0 = Math.min(x0, points[i * 2]);
    x1 = Math.max(x1, points[i * 2]);
    y0 = Math.min(y0, points[i * 2 + 1]);
    y1 = Math.max(y1, points[i * 2 + 1]);
  }
  if (x1 < x0) return { left: 0, top: 0, width: 0, height: 0, area: 0 };
  // Beyond one picture size around it nothing is counted: it is out of sight in any case.
  x0 = Math.max(x0, -width);
  y0 = Math.max(y0, -height);
  x1 = Math.min(x1, 2 * width);
  y1 = Math.min(y1, 2 * height);
  const left = Math.floor(x0);
  const top = Math.floor(y0);
  const columns = Math.max(0, Math.ceil(x1) - left);
  const rows = Math.max(0, Math.ceil(y1) - top);
  const mask = new Uint8Array(columns * rows);
  for (let i = 0; i < triangles.length; i += 3) {
    const [a, b, c] = [triangles[i], triangles[i + 1], triangles[i + 2]];
    if (isBehind[a] || isBehind[b] || isBehind[c]) continue;
    fill(mask, columns, rows, points, a, b, c, left, top);
  }
  let area = 0;
  for (let i = 0; i < mask.length; i++) area += mask[i];
  return { left: x0, top: y0, width: x1 - x0, height: y1 - y0, area };
}

/** Marks the pixels whose centres lie in the triangle, whichever way round it is. */
function fill(mask, columns, rows, points, a, b, c, left, top) {
  const ax = points[a * 2] - left;
  const ay = points[a * 2 + 1] - top;
  const bx = points[b * 2] - left;
  const by = points[b * 2 + 1] - top;
  const cx = points[c * 2] - left;
  const cy = points[c * 2 + 1] - top;
  const first = Math.max(0, Math.ceil(Math.min(ay, by, cy) - 0.5));
  const last = Math.min(rows - 1, Math.floor(Math.max(ay, by, cy) - 0.5));
  for (let row = first; row <= last; row++) {
    const y = row + 0.5;
    let low = Infinity;
    let high = -Infinity;
    const edge = (px, py, qx, qy) => {
      if (py > y === qy > y) return;
      const x = px + ((y - py) / (qy - py)) * (qx - px);
      if (x < low) low = x;
      if (x > high) high = x;
    };
    edge(ax, ay, bx, by);
    edge(bx, by, cx, cy);
    edge(cx, cy, ax, ay);
    const from = Math.max(0, Math.ceil(low - 0.5));
    const to = Math.min(columns - 1, Math.floor(high - 0.5));
    for (let column = from; column <= to; column++) mask[row * columns + column] = 1;
  }
}

/** Visible share of a thing, 0..1, from its visible pixels and its whole outline. */
export const visibility = (visible, whole) => (whole.area > 0 ? Math.min(1, visible.area / whole.area) : 1);
