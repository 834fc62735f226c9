/**
 * Ground coordinates, in which scenes are laid out: `[x, d]` in metres, x to the right, d ahead of the camera's foot.
 *
 * The renderer's world has y up and looks along -z, so d is -z. A heading is `[x, d]` too.
 */
import { Matrix4 } from "three";

/** World position of a ground point, `y` metres above the ground. */
export const at = (x, d, y = 0) => [x, y, -d];

/** Root matrix of a thing that stands at `[x, d]` and looks along `[hx, hd]`. */
export function rootAt([x, d], [hx, hd], y = 0) {
  return new Matrix4().makeRotationY(Math.atan2(hx, -hd)).setPosition(x, y, -d);
}

export const headingOf = (angle) => [Math.sin(angle), Math.cos(angle)];

/** Whether `point` is in `polygon` (even-odd rule, as the gateway's zones). */
export function isInside(polygon, [x, d]) {
  let inside = false;
  let previous = polygon.at(-1);
  for (const corner of polygon) {
    if (corner[1] > d !== previous[1] > d) {
      const t = (d - corner[1]) / (previous[1] - corner[1]);
      if (x < corner[0] + t * (previous[0] - corner[0])) inside = !inside;
    }
    previous = corner;
  }
  return inside;
}

/** Corners of a rectangle. */
export const rectangle = (x0, x1, d0, d1) => [
  [x0, d0],
  [x1, d0],
  [x1, d1],
  [x0, d1],
];
