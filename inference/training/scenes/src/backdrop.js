/**
 * What does not change from picture to picture: drawn once, and laid over every part of the picture where nothing moves
 * and no shadow of something that moves can fall. In software, shading is most of the time that a picture takes.
 */
import * as THREE from "three";

/** Sides of a tile, pixels; a tile is kept or drawn anew as a whole. */
const TILE = 16;
/** Boxes of what moves are taken this much larger, pixels. */
const MARGIN = 3;
/** The lowest ground that shadows fall on, metres. */
const LOWEST = -1.6;

export class Backdrop {
  /** @param drawn `(target) => void`, which draws the world as it stands into a target like `target` */
  constructor(world, camera, target, drawn) {
    this.world = world;
    this.camera = camera;
    this.size = [target.width, target.height];
    this.moving = this.#whatMoves();
    for (const { mesh } of this.moving) mesh.visible = false;
    this.target = new THREE.WebGLRenderTarget(...this.size, { type: target.texture.type });
    drawn(this.target);
    for (const { mesh } of this.moving) mesh.visible = true;
    this.#makeCover();
  }

  /** Figures that are bent anew when time goes on. */
  #whatMoves() {
    const versions = () => this.world.figures.map(({ geometry }) => geometry.attributes.position.version);
    this.world.moveTo(0);
    const before = versions();
    this.world.moveTo(0.1);
    const after = versions();
    return this.world.figures.filter((_, i) => before[i] !== after[i]);
  }

  #makeCover() {
    this.columns = Math.ceil(this.size[0] / TILE);
    this.rows = Math.ceil(this.size[1] / TILE);
    const points = [];
    for (let row = 0; row <= this.rows; row++)
      for (let column = 0; column <= this.columns; column++)
        points.push(
          Math.min(1, (column * TILE) / this.size[0]) * 2 - 1,
          1 - Math.min(1, (row * TILE) / this.size[1]) * 2,
          0,
        );
    this.geometry = new THREE.BufferGeometry();
    this.geometry.setAttribute("position", new THREE.BufferAttribute(new Float32Array(points), 3));
    this.geometry.setIndex(new THREE.BufferAttribute(new Uint32Array(this.columns * this.rows * 6), 1));
    const material = new THREE.ShaderMaterial({
      uniforms: { picture: { value: this.target.texture } },
      depthFunc: THREE.AlwaysDepth,
      toneMapped: false,
      side: THREE.DoubleSide,
      // At the near plane, so that whatever is drawn later stays behind it.
      vertexShader:
        "varying vec2 vUv; void main() { vUv = position.xy * 0.5 + 0.5; gl_Position = vec4(position.xy, -1.0, 1.0); }",
      fragmentShader:
        "varying vec2 vUv; uniform sampler2D picture; void main() { gl_FragColor = texture2D(picture, vUv); }",
    });
    const mesh = new THREE.Mesh(this.geometry, material);
    mesh.frustumCulled = false;
    this.scene = new THREE.Scene().add(mesh);
  }

  /** Lays itself over what is unchanged in the picture as the world stands now. */
  lay(renderer) {
    const isNew = new Uint8Array(this.columns * this.rows);
    const matrix = new THREE.Matrix4().multiplyMatrices(this.camera.projectionMatrix, this.camera.matrixWorldInverse);
    for (const { vertices } of this.moving) this.#mark(isNew, vertices, matrix.elements);
    const { index } = this.geometry;
    let n = 0;
    const wide = this.columns + 1;
    isNew.forEach((dirty, i) => {
      if (dirty) return;
      const a = Math.floor(i / this.columns) * wide + (i % this.columns);
      for (const corner of [a, a + wide, a + 1, a + 1, a + wide, a + wide + 1]) index.array[n++] = corner;
    });
    index.needsUpdate = true;
    this.geometry.setDrawRange(0, n);
    renderer.render(this.scene, this.camera);
  }

  /** Marks the tiles in the box around a figure and its shadow. */
  #mark(isNew, vertices, m) {
    let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
    const [width, height] = this.size;
    const see = (x, y, z) => {
      const w = Math.max(0.05, m[3] * x + m[7] * y + m[11] * z + m[15]);
      const px = (((m[0] * x + m[4] * y + m[8] * z + m[12]) / w + 1) * width) / 2;
      const py = ((1 - (m[1] * x + m[5] * y + m[9] * z + m[13]) / w) * height) / 2;
      x0 = Math.min(x0, px);
      x1 = Math.max(x1, px);
      y0 = Math.min(y0, py);
      y1 = Math.max(y1, py);
    };
    for (let i = 0; i < vertices.length; i += 3) {
      const [x, y, z] = [vertices[i], vertices[i + 1], vertices[i + 2]];
      see(x, y, z);
      const [dx, dy, dz] = this.world.light.awayFrom(x, y, z);
      for (const level of [0, LOWEST]) {
        const far = Math.min(120, Math.max(0, dy < -1e-3 ? (level - y) / dy : 120));
        see(x + dx * far, y + dy * far, z + dz * far);
      }
    }
    const clamp = (v, most) => Math.min(most - 1, Math.max(0, Math.floor(v / TILE)));
    if (x1 < -MARGIN || y1 < -MARGIN || x0 > width + MARGIN || y0 > height + MARGIN) return;
    for (let row = clamp(y0 - MARGIN, this.rows); row <= clamp(y1 + MARGIN, this.rows); row++)
      for (let column = clamp(x0 - MARGIN, this.columns); column <= clamp(x1 + MARGIN, this.columns); column++)
        isNew[row * this.columns + column] = 1;
  }

  dispose() {
    this.target.dispose();
    this.geometry.dispose();
  }
}
