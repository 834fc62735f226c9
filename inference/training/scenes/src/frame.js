/** A local frame on the ground: immovable things are built around their own origin and put down anywhere. */
import { at } from "./ground.js";

export class Frame {
  /** @param place `[x, d]`; @param yaw radians; at 0 the local +z looks at the camera */
  constructor(place, yaw = 0, level = 0) {
    this.place = place;
    this.yaw = yaw;
    this.level = level;
    this.origin = at(place[0], place[1], level);
    this.cos = Math.cos(yaw);
    this.sin = Math.sin(yaw);
  }

  /** World position of a local point. */
  p([x, y, z]) {
    return [
      this.origin[0] + x * this.cos + z * this.sin,
      this.origin[1] + y,
      this.origin[2] - x * this.sin + z * this.cos,
    ];
  }

  box(shape, base, size, look, options) {
    shape.box(this.p(base), size, { paint: look, yaw: this.yaw, ...options });
  }

  tube(shape, a, b, radius, look, options) {
    shape.tube(this.p(a), this.p(b), radius, options?.tip ?? radius, { paint: look, ...options });
  }

  patch(shape, corners, look, options) {
    shape.patch(
      corners.map((c) => this.p(c)),
      { paint: look, ...options },
    );
  }

  ball(shape, centre, radii, look, options) {
    shape.ball(this.p(centre), radii, { paint: look, ...options });
  }
}
