/**
 * The one material of everything: diffuse light, a texture, and per vertex how much it mirrors the sky and glows.
 *
 * One shader program for all keeps the time to the first picture of a scene short.
 */
import * as THREE from "three";
import { textureNamed } from "./textures.js";

/** Shared by all surfaces; set once per picture by the light. Directions are in view space. */
export const surroundings = {
  skyColour: { value: new THREE.Color(0.5, 0.6, 0.8) },
  groundColour: { value: new THREE.Color(0.2, 0.2, 0.2) },
  sunColour: { value: new THREE.Color(1, 1, 1) },
  up: { value: new THREE.Vector3(0, 1, 0) },
  sun: { value: new THREE.Vector3(0, 1, 0) },
  wetness: { value: 0 },
  glow: { value: 1 },
};

const VERTEX_HEAD = "attribute vec2 finish; varying vec2 vFinish;\n";
const FRAGMENT_HEAD = `varying vec2 vFinish;
uniform vec3 skyColour, groundColour, sunColour, up, sun;
uniform float wetness, glow;
`;
const MIRROR = `
  vec3 eye = normalize(vViewPosition);
  vec3 mirrored = reflect(-eye, normal);
  float flatness = smoothstep(0.8, 1.0, dot(normal, up));
  float gloss = max(vFinish.x, wetness * flatness * 0.55 * diffuseColor.g * 3.0);
  float grazing = pow(1.0 - max(dot(normal, eye), 0.0), 4.0);
  vec3 around = mix(groundColour, skyColour, smoothstep(-0.15, 0.35, dot(mirrored, up)));
  around += sunColour * pow(max(dot(mirrored, sun), 0.0), 80.0) * 3.0;
  outgoingLight = mix(outgoingLight, around, gloss * (0.1 + 0.75 * grazing));
  outgoingLight += diffuseColor.rgb * vFinish.y * glow;
`;

const made = new Map();

/** The material with that texture (see textures.js). */
export function surface(textureName) {
  if (!made.has(textureName)) {
    const material = new THREE.MeshLambertMaterial({ map: textureNamed(textureName), vertexColors: true });
    material.onBeforeCompile = (shader) => {
      Object.assign(shader.uniforms, surroundings);
      shader.vertexShader =
        VERTEX_HEAD +
        shader.vertexShader.replace("#include <begin_vertex>", "#include <begin_vertex>\nvFinish = finish;");
      shader.fragmentShader =
        FRAGMENT_HEAD +
        shader.fragmentShader.replace("#include <opaque_fragment>", `${MIRROR}\n#include <opaque_fragment>`);
    };
    material.customProgramCacheKey = () => "surface";
    made.set(textureName, material);
  }
  return made.get(textureName);
}

/** A mesh-ready geometry of a shape. */
export function geometryOf(shape) {
  const geometry = new THREE.BufferGeometry();
  const attribute = (list, size) => new THREE.BufferAttribute(new Float32Array(list), size);
  geometry.setAttribute("position", attribute(shape.position, 3));
  geometry.setAttribute("normal", attribute(shape.normal, 3));
  geometry.setAttribute("color", attribute(shape.color, 3));
  geometry.setAttribute("uv", attribute(shape.uv, 2));
  geometry.setAttribute("finish", attribute(shape.finish, 2));
  const Index = shape.vertexCount > 65535 ? Uint32Array : Uint16Array;
  geometry.setIndex(new THREE.BufferAttribute(new Index(shape.index), 1));
  return geometry;
}
