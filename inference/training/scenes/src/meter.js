/** The exposure meter: how bright a picture of light is, so that a camera can choose its exposure. */
import * as THREE from "three";

const WIDTH = 32;
const HEIGHT = 18;

const FRAGMENT = `
precision highp float;
varying vec2 vUv;
uniform sampler2D picture;
void main() {
  float sum = 0.0;
  for (int i = 0; i < 4; i++) for (int j = 0; j < 4; j++) {
    vec3 c = texture2D(picture, vUv + (vec2(float(i), float(j)) - 1.5) / vec2(${4 * WIDTH}.0, ${4 * HEIGHT}.0)).rgb;
    sum += sqrt(dot(min(c, 4.0), vec3(0.2126, 0.7152, 0.0722)));
  }
  gl_FragColor = vec4(vec3(sum / 32.0), 1.0);
}`;

export class Meter {
  constructor() {
    this.target = new THREE.WebGLRenderTarget(WIDTH, HEIGHT);
    this.material = new THREE.ShaderMaterial({
      uniforms: { picture: { value: null } },
      depthTest: false,
      depthWrite: false,
      toneMapped: false,
      vertexShader: "varying vec2 vUv; void main() { vUv = uv; gl_Position = vec4(position.xy, 0.0, 1.0); }",
      fragmentShader: FRAGMENT,
    });
    this.scene = new THREE.Scene();
    this.scene.add(new THREE.Mesh(new THREE.PlaneGeometry(2, 2), this.material));
    this.camera = new THREE.OrthographicCamera(-1, 1, 1, -1, 0, 1);
    this.pixels = new Uint8Array(WIDTH * HEIGHT * 4);
  }

  /** Mean brightness, about as the eye sees it (square root of light), centre and lower half counting more. */
  measure(renderer, picture) {
    this.material.uniforms.picture.value = picture;
    renderer.setRenderTarget(this.target);
    renderer.render(this.scene, this.camera);
    renderer.readRenderTargetPixels(this.target, 0, 0, WIDTH, HEIGHT, this.pixels);
    let sum = 0;
    let weight = 0;
    for (let row = 0, i = 0; row < HEIGHT; row++) {
      const share = row < HEIGHT * 0.7 ? 2 : 1;
      for (let column = 0; column < WIDTH; column++, i += 4) {
        sum += share * (this.pixels[i] / 255) * 2;
        weight += share;
      }
    }
    return sum / weight;
  }
}

/** Factor on the light that makes a picture of that brightness look well lit; limited as a real gain is. */
export const exposureFor = (brightness, most = 12) => Math.min(most, (0.6 / Math.max(brightness, 0.02)) ** 2);
