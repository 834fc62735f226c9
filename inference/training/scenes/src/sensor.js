/**
 * The camera behind the lens: from light to the numbers of a cheap surveillance camera.
 *
 * One full-screen pass over the linear picture: softness, exposure, tone, colour cast, rain, vignette, noise, clock text.
 */
import * as THREE from "three";

/** A good camera on a clear day; scenes change what they need. */
export const SENSOR = {
  exposure: 1, // factor on the light
  contrast: 1, // 1 is neutral
  saturation: 1, // 0 with infra-red light
  tint: [1, 1, 1],
  softness: 0.35, // blur radius, pixels
  sharpening: 0.25, // halo that cheap cameras add
  lumaNoise: 0.012, // standard deviation of 0..1
  chromaNoise: 0.01,
  vignette: 0.15,
  rain: 0, // share of pixels with streaks
  haze: 0, // veil of light over all, 0..1
};

const FRAGMENT = `
precision highp float;
varying vec2 vUv;
uniform sampler2D picture, text;
uniform vec2 size;
uniform float exposure, contrast, saturation, softness, sharpening, lumaNoise, chromaNoise, vignette, rain, haze, seed;
uniform vec3 tint;

float random(vec2 p) {
  vec3 q = fract(vec3(p.xyx) * 0.1031 + seed * vec3(0.137, 0.291, 0.173));
  q += dot(q, q.yzx + 33.33);
  return fract((q.x + q.y) * q.z);
}
float bell(vec2 p) { return random(p) + random(p + 17.3) + random(p + 51.7) - 1.5; }
vec3 toned(vec3 light) {
  light *= exposure;
  light = light * (1.0 + light * 0.15) / (1.0 + light * 0.75);
  return pow(clamp(light, 0.0, 1.0), vec3(1.0 / 2.2));
}
void main() {
  vec2 px = 1.0 / size;
  vec2 r = px * max(softness, 0.5);
  vec3 middle = toned(texture2D(picture, vUv).rgb);
  vec3 near = 0.25 * (toned(texture2D(picture, vUv + vec2(r.x, r.y * 0.4)).rgb) + toned(texture2D(picture, vUv + vec2(-r.x, -r.y * 0.4)).rgb)
    + toned(texture2D(picture, vUv + vec2(-r.x * 0.4, r.y)).rgb) + toned(texture2D(picture, vUv + vec2(r.x * 0.4, -r.y)).rgb));
  vec3 c = mix(middle, near, clamp(softness, 0.0, 1.0) * 0.8);
  c += (c - near) * sharpening;
  if (rain > 0.0) {
    vec2 p = vUv * size / size.y * vec2(70.0, 7.0);
    p.x += p.y * 0.9;
    p.y += fract(seed * 0.37) * 40.0 + random(vec2(floor(p.x), 3.0)) * 20.0;
    vec2 cell = floor(p);
    float streak = step(1.0 - rain, random(cell)) * smoothstep(0.5, 0.0, abs(fract(p.x) - 0.5)) * smoothstep(0.0, 0.3, fract(p.y)) * smoothstep(1.0, 0.6, fract(p.y));
    c = mix(c, vec3(0.75, 0.78, 0.82), streak * 0.28);
  }
  c = mix(c, vec3(0.72, 0.74, 0.76), haze);
  float grey = dot(c, vec3(0.299, 0.587, 0.114));
  c = mix(vec3(grey), c, saturation) * tint;
  c = (c - 0.45) * contrast + 0.45;
  vec2 off = vUv - 0.5;
  c *= 1.0 - vignette * 2.0 * dot(off, off);
  vec2 pixel = floor(vUv * size);
  float dark = 1.0 + 0.8 * (1.0 - grey);
  c += lumaNoise * dark * 1.4 * bell(pixel);
  vec2 block = floor(pixel / 2.0);
  c += saturation * chromaNoise * dark * 1.4 * vec3(bell(block + 3.1), -0.5 * bell(block + 3.1) - 0.5 * bell(block + 9.7), bell(block + 9.7));
  vec4 letters = texture2D(text, vUv);
  c = mix(c, letters.rgb, letters.a);
  gl_FragColor = vec4(clamp(c, 0.0, 1.0), 1.0);
}`;

export class Sensor {
  constructor() {
    this.scene = new THREE.Scene();
    this.camera = new THREE.OrthographicCamera(-1, 1, 1, -1, 0, 1);
    const uniforms = {
      picture: { value: null },
      text: { value: null },
      size: { value: new THREE.Vector2() },
      seed: { value: 0 },
    };
    for (const key of Object.keys(SENSOR)) uniforms[key] = { value: key === "tint" ? new THREE.Vector3(1, 1, 1) : 0 };
    this.material = new THREE.ShaderMaterial({
      uniforms,
      depthTest: false,
      depthWrite: false,
      toneMapped: false,
      vertexShader: "varying vec2 vUv; void main() { vUv = uv; gl_Position = vec4(position.xy, 0.0, 1.0); }",
      fragmentShader: FRAGMENT,
    });
    this.scene.add(new THREE.Mesh(new THREE.PlaneGeometry(2, 2), this.material));
    this.letters = new OffscreenCanvas(8, 8);
    this.lettersTexture = new THREE.CanvasTexture(this.letters);
    this.writing = null;
  }

  /**
   * @param settings changes to SENSOR
   * @param frameSeed 0..1, of the noise
   * @param text lines burnt into the picture: `[{text, x, y, size}]`, x and y 0..1 from the top left, size in pixels
   */
  develop(renderer, picture, width, height, settings, frameSeed, text = []) {
    const { uniforms } = this.material;
    const values = { ...SENSOR, ...settings };
    for (const [key, value] of Object.entries(values)) {
      if (key === "tint") uniforms.tint.value.set(...value);
      else uniforms[key].value = value;
    }
    uniforms.picture.value = picture;
    uniforms.size.value.set(width, height);
    uniforms.seed.value = frameSeed;
    this.#write(text, width, height);
    uniforms.text.value = this.lettersTexture;
    renderer.setRenderTarget(null);
    renderer.render(this.scene, this.camera);
  }

  #write(text, width, height) {
    const key = JSON.stringify([text, width, height]);
    if (key === this.writing) return;
    this.writing = key;
    if (this.letters.width !== width || this.letters.height !== height) {
      this.letters.width = width;
      this.letters.height = height;
      this.lettersTexture.dispose();
    }
    const pen = this.letters.getContext("2d");
    pen.clearRect(0, 0, width, height);
    for (const line of text) {
      pen.font = `bold ${line.size}px monospace`;
      pen.lineWidth = Math.max(1.5, line.size / 9);
      pen.strokeStyle = "rgb(20, 20, 20)";
      pen.fillStyle = "rgb(240, 240, 240)";
      pen.strokeText(line.text, line.x * width, line.y * height);
      pen.fillText(line.text, line.x * width, line.y * height);
    }
    this.lettersTexture.needsUpdate = true;
  }
}
