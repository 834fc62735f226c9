/**
 * Draws a world: the picture as a camera would deliver it, and the boxes of what is in it.
 */
import * as THREE from "three";
import { Backdrop } from "./backdrop.js";
import { silhouette, visibility, visibleBoxes } from "./labels.js";
import { exposureFor, Meter } from "./meter.js";
import { Sensor } from "./sensor.js";

export class Stage {
  constructor(width, height, { shadowSize = 1024, samples = 0 } = {}) {
    this.width = width;
    this.height = height;
    this.shadowSize = shadowSize;
    this.samples = samples;
    this.canvas = new OffscreenCanvas(width, height);
    this.renderer = new THREE.WebGLRenderer({ canvas: this.canvas, antialias: false, preserveDrawingBuffer: true });
    this.renderer.setSize(width, height, false);
    this.renderer.shadowMap.enabled = true;
    this.renderer.shadowMap.type = THREE.PCFShadowMap;
    this.renderer.outputColorSpace = THREE.LinearSRGBColorSpace;
    this.renderer.toneMapping = THREE.NoToneMapping;
    this.sensor = new Sensor();
    this.meter = new Meter();
    this.depthOnly = new THREE.MeshBasicMaterial({ colorWrite: false, fog: false });
    this.identities = new THREE.WebGLRenderTarget(width, height, {
      minFilter: THREE.NearestFilter,
      magFilter: THREE.NearestFilter,
    });
    this.pixels = new Uint8Array(width * height * 4);
  }

  #light = new Map();
  #flat = [];

  /** A picture of light, `scale` times as wide as the result (a coarse sensor has less than 1). */
  #lightTarget(scale) {
    const key = scale.toFixed(2);
    if (!this.#light.has(key)) {
      this.#light.set(
        key,
        new THREE.WebGLRenderTarget(Math.round(this.width * scale), Math.round(this.height * scale), {
          type: THREE.HalfFloatType,
          samples: this.samples,
          minFilter: THREE.LinearFilter,
          magFilter: THREE.LinearFilter,
        }),
      );
    }
    return this.#light.get(key);
  }

  /**
   * Depth first, then light, so that in software nothing is shaded that something else hides: a third less time for the
   * same pixels.
   */
  #illuminated(scene, camera, target, backdrop) {
    this.renderer.setRenderTarget(target);
    this.renderer.autoClear = false;
    this.renderer.clear();
    backdrop?.lay(this.renderer);
    scene.overrideMaterial = this.depthOnly;
    this.renderer.render(scene, camera);
    scene.overrideMaterial = null;
    this.renderer.shadowMap.autoUpdate = false;
    this.renderer.render(scene, camera);
    this.renderer.autoClear = true;
    this.renderer.shadowMap.autoUpdate = true;
  }

  /** What of the world never changes, for draws at full scale that come; see Backdrop. */
  backdrop(world, camera) {
    world.light.apply(camera);
    return new Backdrop(world, camera, this.#lightTarget(1), (target) =>
      this.#illuminated(world.scene, camera, target),
    );
  }

  /**
   * Draws onto the canvas. `development`: `{sensor, noiseSeed, text, scale, gain}`, see Sensor.develop; `gain` is the
   * exposure that a former picture chose, if it shall not be chosen anew.
   * @returns the gain
   */
  draw(world, camera, { sensor = {}, noiseSeed = 0, text = [], scale = 1, gain, backdrop } = {}) {
    const target = this.#lightTarget(scale);
    world.light.apply(camera);
    this.#illuminated(world.scene, camera, target, backdrop);
    const chosen = gain ?? exposureFor(this.meter.measure(this.renderer, target.texture));
    const settings = { ...sensor, exposure: (sensor.exposure ?? 1) * chosen };
    this.sensor.develop(this.renderer, target.texture, this.width, this.height, settings, noiseSeed, text);
    return chosen;
  }

  /** Mean brightness (0..255) of what was drawn last within a box in pixels. */
  brightness({ left, top, width, height }) {
    const gl = this.renderer.getContext();
    const pixels = new Uint8Array(width * height * 4);
    this.renderer.setRenderTarget(null);
    gl.readPixels(left, this.height - top - height, width, height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    let sum = 0;
    for (let i = 0; i < pixels.length; i += 4) sum += pixels[i] + 2 * pixels[i + 1] + pixels[i + 2];
    return sum / pixels.length;
  }

  /**
   * Boxes of everything that is at least one pixel in the picture.
   * @returns `[{id, cls, box, whole, visibility}]`; boxes in pixels, `whole` as if nothing hid it
   */
  label(world, camera) {
    const kept = new Map();
    world.scene.traverse((node) => {
      if (!node.isMesh) return;
      kept.set(node, node.material);
      if (node.userData.isSky) node.visible = false;
      else node.material = this.#flatMaterial(node.userData.id ?? 0);
    });
    const { shadowMap } = this.renderer;
    shadowMap.autoUpdate = false;
    const { fog } = world.scene;
    world.scene.fog = null;
    this.renderer.setRenderTarget(this.identities);
    this.renderer.setClearColor(0, 1);
    this.renderer.clear();
    this.renderer.render(world.scene, camera);
    this.renderer.readRenderTargetPixels(this.identities, 0, 0, this.width, this.height, this.pixels);
    world.scene.fog = fog;
    shadowMap.autoUpdate = true;
    for (const [node, material] of kept) {
      node.material = material;
      node.visible = true;
    }
    const boxes = visibleBoxes(this.pixels, this.width, this.height);
    const viewProjection = new THREE.Matrix4().multiplyMatrices(
      camera.projectionMatrix,
      camera.matrixWorldInverse,
    ).elements;
    return world.things
      .filter((thing) => boxes.has(thing.id))
      .map((thing) => {
        const box = boxes.get(thing.id);
        const [figure] = thing.figures;
        const whole = silhouette(figure.vertices, figure.triangles, viewProjection, this.width, this.height);
        return { id: thing.id, cls: thing.cls, box, whole, visibility: visibility(box, whole) };
      });
  }

  #flatMaterial(id) {
    if (!this.#flat[id]) {
      const colour = new THREE.Color().setRGB((id & 255) / 255, (id >> 8) / 255, 0);
      this.#flat[id] = new THREE.MeshBasicMaterial({ color: colour, fog: false, toneMapped: false });
    }
    return this.#flat[id];
  }

  /** What was drawn last as planar 4:2:0 (BT.709, limited range), as encoders take it; sides must be even. */
  yuv420() {
    const gl = this.renderer.getContext();
    this.renderer.setRenderTarget(null);
    gl.readPixels(0, 0, this.width, this.height, gl.RGBA, gl.UNSIGNED_BYTE, this.pixels);
    return planes(this.pixels, this.width, this.height);
  }

  /** JPEG bytes of what was drawn last; `quality` 0..1. */
  async jpeg(quality) {
    const blob = await this.canvas.convertToBlob({ type: "image/jpeg", quality });
    return new Uint8Array(await blob.arrayBuffer());
  }
}

/** RGBA with rows from the bottom up to Y, Cb and Cr planes from the top down. */
function planes(rgba, width, height) {
  const n = width * height;
  const out = new Uint8Array((n * 3) / 2);
  const half = width / 2;
  for (let y = 0; y < height; y += 2) {
    for (let x = 0; x < width; x += 2) {
      let [red, green, blue] = [0, 0, 0];
      for (let k = 0; k < 4; k++) {
        const [px, py] = [x + (k & 1), y + (k >> 1)];
        const i = ((height - 1 - py) * width + px) * 4;
        const [r, g, b] = [rgba[i], rgba[i + 1], rgba[i + 2]];
        out[py * width + px] = 16.5 + 0.18259 * r + 0.61423 * g + 0.06201 * b;
        red += r;
        green += g;
        blue += b;
      }
      const at = (y >> 1) * half + (x >> 1);
      out[n + at] = 128.5 + (-0.10064 * red - 0.33857 * green + 0.43922 * blue) / 4;
      out[n + n / 4 + at] = 128.5 + (0.43922 * red - 0.39894 * green - 0.04027 * blue) / 4;
    }
  }
  return out;
}
