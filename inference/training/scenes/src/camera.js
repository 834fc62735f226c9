/** The fixed camera of a scene, and where ground points lie in its picture. */
import * as THREE from "three";

/**
 * @param view `height` metres, `pitch` and `yaw` in degrees (down and to the right), `fov` vertical in degrees,
 *   `roll` in degrees
 */
export function cameraOf({ height, pitch, yaw = 0, fov, roll = 0 }, width, heightPx) {
  const camera = new THREE.PerspectiveCamera(fov, width / heightPx, 0.1, 400);
  const rad = THREE.MathUtils.degToRad;
  camera.position.set(0, height, 0);
  camera.rotation.order = "YXZ";
  camera.rotation.set(-rad(pitch), -rad(yaw), rad(roll));
  camera.updateMatrixWorld(true);
  camera.updateProjectionMatrix();
  return camera;
}

/** `[x, y]` normalised, origin top left, of a world point; `null` behind the camera. */
export function projected(camera, [x, y, z]) {
  const seen = new THREE.Vector3(x, y, z).applyMatrix4(camera.matrixWorldInverse);
  if (seen.z > -0.1) return null;
  const clip = seen.applyMatrix4(camera.projectionMatrix);
  return [(clip.x + 1) / 2, (1 - clip.y) / 2];
}

/** Ground point `[x, d]` under the normalised picture point, or `null` above the horizon. */
export function groundUnder(camera, [u, v], level = 0) {
  const far = new THREE.Vector3(u * 2 - 1, 1 - v * 2, 0.5).unproject(camera);
  const way = far.sub(camera.position);
  if (way.y > -1e-3) return null;
  const t = (level - camera.position.y) / way.y;
  return [camera.position.x + way.x * t, -(camera.position.z + way.z * t)];
}
