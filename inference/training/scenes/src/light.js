/**
 * Light and weather of a scene.
 *
 * Two rigs, so that only two sets of shaders are ever compiled: `sky` (one sun or veiled sky) and `lamps` (at night: one
 * lamp with shadows, two without). Strengths are relative to a white wall in the midday sun.
 */
import * as THREE from "three";
import { hex } from "./colour.js";
import { surroundings } from "./surface.js";

const linear = (value) => new THREE.Color().setRGB(...(Array.isArray(value) ? value : hex(value)));

/** What a weather means; angles in degrees (azimuth: where the light comes from, 0 ahead, 90 from the right). */
export const WEATHERS = {
  sun: {
    rig: "sky",
    sun: 2.6,
    sunColour: 0xfff2dd,
    ambient: 0.95,
    sky: 0xa9c6ee,
    bounce: 0x8d8570,
    zenith: 0x6f9cd8,
    horizon: 0xd5e2ee,
    fog: 0.0012,
    azimuth: 130,
    elevation: 50,
  },
  lowsun: {
    rig: "sky",
    sun: 2.2,
    sunColour: 0xffd9a8,
    ambient: 0.8,
    sky: 0x9db6dc,
    bounce: 0x8a7a62,
    zenith: 0x7fa0d0,
    horizon: 0xf0dcc0,
    fog: 0.002,
    azimuth: -100,
    elevation: 22,
  },
  overcast: {
    rig: "sky",
    sun: 0.5,
    sunColour: 0xf0f4ff,
    ambient: 2.0,
    sky: 0xdfe5ec,
    bounce: 0x8a8780,
    zenith: 0xc7ced6,
    horizon: 0xdfe3e6,
    fog: 0.003,
    azimuth: 100,
    elevation: 65,
  },
  dusk: {
    rig: "sky",
    sun: 0.28,
    sunColour: 0xffb98a,
    ambient: 0.75,
    sky: 0x7f8fb4,
    bounce: 0x5a5048,
    zenith: 0x4a5a86,
    horizon: 0xc99a80,
    fog: 0.004,
    azimuth: 60,
    elevation: 30,
  },
  rain: {
    rig: "sky",
    sun: 0.25,
    sunColour: 0xe0e8f4,
    ambient: 1.5,
    sky: 0xc2ccd6,
    bounce: 0x6f6d69,
    zenith: 0x9aa3ad,
    horizon: 0xb9c0c6,
    fog: 0.008,
    azimuth: 80,
    elevation: 65,
    wetness: 1,
  },
  fog: {
    rig: "sky",
    sun: 0.2,
    sunColour: 0xffffff,
    ambient: 1.8,
    sky: 0xdde0e2,
    bounce: 0x8d8b86,
    zenith: 0xc9cdcf,
    horizon: 0xc9cdcf,
    fog: 0.03,
    azimuth: 80,
    elevation: 65,
  },
  haze: {
    rig: "sky",
    sun: 1.7,
    sunColour: 0xfff0dc,
    ambient: 1.2,
    sky: 0xc6d2de,
    bounce: 0x8a8474,
    zenith: 0xb4c2d2,
    horizon: 0xdadfe0,
    fog: 0.0055,
    azimuth: 115,
    elevation: 45,
  },
  room: {
    rig: "sky",
    sun: 0.9,
    sunColour: 0xfff6e8,
    ambient: 1.5,
    sky: 0xf2efe8,
    bounce: 0x9a9288,
    zenith: 0xdedbd4,
    horizon: 0xdedbd4,
    fog: 0.0004,
    azimuth: 60,
    elevation: 74,
  },
  lamps: {
    rig: "lamps",
    sun: 0,
    ambient: 0.1,
    sky: 0x5a6a90,
    bounce: 0x403830,
    zenith: 0x0a0e18,
    horizon: 0x1a1a20,
    fog: 0.004,
    lampColour: 0xffcf94,
    key: 90,
    fill: 40,
  },
  infrared: {
    rig: "lamps",
    sun: 0,
    ambient: 0.05,
    sky: 0x808080,
    bounce: 0x808080,
    zenith: 0x050505,
    horizon: 0x0a0a0a,
    fog: 0.01,
    lampColour: 0xffffff,
    key: 160,
    fill: 0,
    fromCamera: true,
  },
};

/**
 * Lights the scene.
 * @param weather an entry of WEATHERS, perhaps changed
 * @param options `centre`, `[x, d]`, and `radius` (m) of the ground whose shadows matter; `lamps`: world positions of
 *   street lamps, the first casts shadows; `cameraHeight` m; `shadowSize` in texels
 * @returns the settings that pictures need: `{apply(camera)}`
 */
export function illuminate(
  scene,
  weather,
  { centre = [0, 14], radius = 22, lamps = [], cameraHeight = 5, shadowSize = 1024 } = {},
) {
  scene.background = null;
  const rad = THREE.MathUtils.degToRad;
  const from = new THREE.Vector3(
    Math.sin(rad(weather.azimuth ?? 0)) * Math.cos(rad(weather.elevation ?? 60)),
    Math.sin(rad(weather.elevation ?? 60)),
    -Math.cos(rad(weather.azimuth ?? 0)) * Math.cos(rad(weather.elevation ?? 60)),
  );
  const target = new THREE.Vector3(centre[0], 0, -centre[1]);
  scene.fog = new THREE.FogExp2(linear(weather.horizon), weather.fog);
  scene.add(new THREE.HemisphereLight(linear(weather.sky), linear(weather.bounce), weather.ambient));
  scene.add(dome(weather));
  if (weather.rig === "sky") {
    const sun = new THREE.DirectionalLight(linear(weather.sunColour), weather.sun);
    sun.position.copy(target).addScaledVector(from, 60);
    sun.target.position.copy(target);
    sun.castShadow = true;
    sun.shadow.mapSize.set(shadowSize, shadowSize);
    Object.assign(sun.shadow.camera, { left: -radius, right: radius, top: radius, bottom: -radius, near: 5, far: 130 });
    sun.shadow.bias = -0.0004;
    sun.shadow.normalBias = 0.03;
    sun.shadow.radius = weather.sun > 1 ? 1.5 : 4;
    scene.add(sun, sun.target);
  } else {
    lampRig(scene, weather, target, lamps, cameraHeight, shadowSize);
  }
  const isDay = weather.rig === "sky";
  return {
    /** Direction in which the light that casts shadows goes on at a point, `[x, y, z]`. */
    awayFrom(x, y, z) {
      if (isDay) return [-from.x, -from.y, -from.z];
      const [lx, ly, lz] = keyPlace(weather, target, lamps, cameraHeight);
      return [x - lx, y - ly, z - lz];
    },
    apply(camera) {
      const turn = camera.matrixWorldInverse;
      surroundings.up.value.set(0, 1, 0).transformDirection(turn);
      surroundings.sun.value.copy(from).transformDirection(turn);
      surroundings.skyColour.value
        .copy(linear(weather.horizon))
        .multiplyScalar(isDay ? 0.5 + weather.ambient * 0.35 : 0.3);
      surroundings.groundColour.value.copy(linear(weather.bounce)).multiplyScalar(isDay ? 0.35 : 0.05);
      surroundings.sunColour.value.copy(linear(weather.sunColour ?? 0)).multiplyScalar(weather.sun);
      surroundings.wetness.value = weather.wetness ?? 0;
      surroundings.glow.value = weather.glow ?? 1;
    },
  };
}

/** Where the lamp hangs that casts shadows. */
const keyPlace = (weather, target, lamps, cameraHeight) =>
  weather.fromCamera ? [0.3, cameraHeight + 0.4, 0.3] : (lamps[0] ?? [target.x, 6, target.z]);

function lampRig(scene, weather, target, lamps, cameraHeight, shadowSize) {
  const colour = linear(weather.lampColour);
  const others = lamps.slice(1);
  const place = keyPlace(weather, target, lamps, cameraHeight);
  const key = new THREE.SpotLight(
    colour,
    weather.key,
    0,
    weather.fromCamera ? 1.0 : 1.2,
    1,
    weather.fromCamera ? 1.1 : 1.6,
  );
  key.position.set(...place);
  if (weather.fromCamera) key.target.position.copy(target);
  else key.target.position.set(place[0], 0, place[2] + 0.01);
  key.castShadow = true;
  key.shadow.mapSize.set(shadowSize, shadowSize);
  key.shadow.camera.near = 0.5;
  key.shadow.camera.far = 70;
  key.shadow.bias = -0.0006;
  key.shadow.normalBias = 0.03;
  key.shadow.radius = 2;
  scene.add(key, key.target);
  for (let i = 0; i < 2; i++) {
    const lamp = new THREE.PointLight(colour, others[i] ? weather.fill : 0, 0, 1.6);
    lamp.position.set(...(others[i] ?? [0, 5, -20]));
    scene.add(lamp);
  }
}

/** The sky: a sphere that pales towards the horizon. */
function dome(weather) {
  const geometry = new THREE.SphereGeometry(300, 16, 12);
  const zenith = linear(weather.zenith);
  const horizon = linear(weather.horizon);
  const colours = [];
  const points = geometry.attributes.position;
  for (let i = 0; i < points.count; i++) {
    const share = Math.min(1, Math.max(0, points.getY(i) / 300) * 1.6);
    colours.push(...horizon.clone().lerp(zenith, share).toArray());
  }
  geometry.setAttribute("color", new THREE.BufferAttribute(new Float32Array(colours), 3));
  const sky = new THREE.Mesh(geometry, skyMaterial);
  sky.userData.isSky = true;
  return sky;
}

const skyMaterial = new THREE.MeshBasicMaterial({ vertexColors: true, side: THREE.BackSide, fog: false });
