import assert from "node:assert/strict";
import { test } from "node:test";
import { labelText } from "../host/stills.mjs";
import { silhouette, visibility, visibleBoxes } from "../src/labels.js";

/** Looks along -z from the origin, 90 degrees both ways: x and y of a point at z = -1 are picture coordinates. */
const VIEW = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, -1, -1, 0, 0, -0.2, 0];

test("visible boxes are counted pixel by pixel, from the bottom row up", () => {
  const [width, height] = [6, 4];
  const pixels = new Uint8Array(width * height * 4);
  const put = (x, y, id) => pixels.set([id & 255, id >> 8], ((height - 1 - y) * width + x) * 4);
  put(1, 0, 7);
  put(3, 2, 7);
  put(5, 3, 300);
  const boxes = visibleBoxes(pixels, width, height);
  assert.deepEqual(boxes.get(7), { left: 1, top: 0, width: 3, height: 3, area: 2 });
  assert.deepEqual(boxes.get(300), { left: 5, top: 3, width: 1, height: 1, area: 1 });
});

test("a silhouette is the whole outline, also beyond the border", () => {
  const quad = (x0, y0, x1, y1) =>
    [
      [x0, y0, -1],
      [x1, y0, -1],
      [x1, y1, -1],
      [x0, y1, -1],
    ].flat();
  const triangles = [0, 1, 2, 0, 2, 3];
  const whole = silhouette(quad(-0.5, -0.5, 0.5, 0.5), triangles, VIEW, 40, 40);
  assert.deepEqual([whole.left, whole.top, whole.width, whole.height, whole.area], [10, 10, 20, 20, 400]);
  const cut = silhouette(quad(0.5, -0.5, 1.5, 0.5), triangles, VIEW, 40, 40);
  assert.equal(cut.area, 400);
  assert.equal(visibility({ area: 200 }, cut), 0.5);
  assert.equal(
    silhouette(
      quad(-0.5, -0.5, 0.5, 0.5).map((v, i) => (i % 3 === 2 ? 1 : v)),
      triangles,
      VIEW,
      40,
      40,
    ).area,
    0,
  );
});

test("a label is a normalised centre and size with its visibility", () => {
  const text = labelText([{ cls: 3, box: { left: 16, top: 9, width: 64, height: 36 }, visibility: 0.5 }], 640, 360);
  assert.equal(text, "3 0.07500 0.07500 0.10000 0.10000 0.50\n");
});
