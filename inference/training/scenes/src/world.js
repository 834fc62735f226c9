/**
 * One scene: what stands still, what is labelled, what moves, and what light falls on it.
 */
import * as THREE from "three";
import { illuminate } from "./light.js";
import { Shape } from "./shape.js";
import { geometryOf, surface } from "./surface.js";

export class World {
  scene = new THREE.Scene();
  /** Labelled things, in the order of their identities (1, 2, ...). */
  things = [];
  /** Circles on the ground that are taken: `{x, d, radius}`, metres. */
  obstacles = [];
  /** World positions of street lamps. */
  lamps = [];
  #batches = new Map();
  #figures = [];
  #geometries = [];
  #moves = [];

  /** The shape that gathers everything immovable with that texture. */
  batch(textureName) {
    if (!this.#batches.has(textureName)) this.#batches.set(textureName, new Shape());
    return this.#batches.get(textureName);
  }

  /** Adds a labelled thing: `{cls, figures}`, of which the first figure is the thing and others only hide. */
  add(thing) {
    this.things.push(thing);
    thing.id = this.things.length;
    for (const figure of thing.figures) this.#place(figure, figure === thing.figures[0] ? thing.id : 0);
    return thing;
  }

  /** Adds a figure that is never labelled, such as a tree in the wind. */
  addFigure(figure) {
    this.#place(figure, 0);
    return figure;
  }

  #place(figure, id) {
    figure.mesh.userData.id = id;
    this.scene.add(figure.mesh);
    this.#figures.push(figure);
  }

  /** Everything that can bend, labelled or not. */
  get figures() {
    return this.#figures;
  }

  /** `move(time)` is called before every picture; seconds. */
  animate(move) {
    this.#moves.push(move);
  }

  isFree([x, d], radius) {
    return this.obstacles.every((o) => Math.hypot(o.x - x, o.d - d) > o.radius + radius);
  }

  take([x, d], radius) {
    this.obstacles.push({ x, d, radius });
  }

  /** Makes meshes of the gathered shapes and lights them; called once, after building. */
  finish(weather, options) {
    for (const [name, shape] of this.#batches) {
      const geometry = geometryOf(shape);
      const mesh = new THREE.Mesh(geometry, surface(name));
      mesh.castShadow = true;
      mesh.receiveShadow = true;
      mesh.matrixAutoUpdate = false;
      mesh.userData.id = 0;
      this.scene.add(mesh);
      this.#geometries.push(geometry);
    }
    this.light = illuminate(this.scene, weather, { lamps: this.lamps, ...options });
  }

  moveTo(time) {
    for (const move of this.#moves) move(time);
  }

  dispose() {
    for (const figure of this.#figures) figure.dispose();
    for (const geometry of this.#geometries) geometry.dispose();
    this.scene.traverse((node) => {
      if (node.isLight && node.shadow) node.shadow.dispose();
      if (node.userData.isSky) node.geometry.dispose();
    });
  }
}
