/**
 * A mesh that bends: every frame its vertices are moved by their bones, in world coordinates.
 *
 * Done here rather than in the vertex shader because the labels need the moved vertices too.
 */
import * as THREE from "three";
import { geometryOf, surface } from "./surface.js";

export class Figure {
  /** @param shape in rest position; bone numbers are indices into the matrices given to `bend` */
  constructor(shape) {
    this.#rest = new Float32Array(shape.position);
    this.#restNormal = new Float32Array(shape.normal);
    this.#bones = new Float32Array(shape.bone);
    this.geometry = geometryOf(shape);
    this.mesh = new THREE.Mesh(this.geometry, surface("fabric"));
    this.mesh.castShadow = true;
    this.mesh.receiveShadow = true;
    this.mesh.frustumCulled = false;
    this.mesh.matrixAutoUpdate = false;
  }

  #rest;
  #restNormal;
  #bones;

  /** World positions as of the last `bend`, xyz after xyz, metres. */
  get vertices() {
    return this.geometry.attributes.position.array;
  }

  get triangles() {
    return this.geometry.index.array;
  }

  /**
   * @param matrices THREE.Matrix4 per bone, rest to world
   * @param floor if given, the figure is lifted or lowered until its lowest point is there (metres)
   */
  bend(matrices, floor) {
    const elements = matrices.map((matrix) => matrix.elements);
    const { position, normal } = this.geometry.attributes;
    transform(this.#rest, this.#bones, elements, position.array, 1);
    transform(this.#restNormal, this.#bones, elements, normal.array, 0);
    if (floor !== undefined) {
      const points = position.array;
      let lowest = Infinity;
      for (let i = 1; i < points.length; i += 3) lowest = Math.min(lowest, points[i]);
      for (let i = 1; i < points.length; i += 3) points[i] += floor - lowest;
    }
    position.needsUpdate = true;
    normal.needsUpdate = true;
  }

  dispose() {
    this.geometry.dispose();
  }
}

/** `w` is 1 for points and 0 for directions. */
function transform(from, bones, elements, to, w) {
  for (let i = 0; i < from.length; i += 3) {
    const x = from[i];
    const y = from[i + 1];
    const z = from[i + 2];
    const a = elements[bones[i]];
    const share = bones[i + 2];
    let tx = a[0] * x + a[4] * y + a[8] * z + a[12] * w;
    let ty = a[1] * x + a[5] * y + a[9] * z + a[13] * w;
    let tz = a[2] * x + a[6] * y + a[10] * z + a[14] * w;
    if (share > 0) {
      const b = elements[bones[i + 1]];
      tx += share * (b[0] * x + b[4] * y + b[8] * z + b[12] * w - tx);
      ty += share * (b[1] * x + b[5] * y + b[9] * z + b[13] * w - ty);
      tz += share * (b[2] * x + b[6] * y + b[10] * z + b[14] * w - tz);
    }
    to[i] = tx;
    to[i + 1] = ty;
    to[i + 2] = tz;
  }
}
