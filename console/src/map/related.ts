/** Cameras that may have seen the same: the nearest ones, or those of the same area where nobody has said where they are. */
import type { Camera } from "../api/types";

/** Where something is, as far as it is known: a camera, or what somebody reports. */
export type Place = Pick<Camera, "area" | "latitude" | "longitude" | "at">;

/** More than these nobody looks at. */
const MOST = 6;
/** Further away it is another place. */
const FAR_M = 2_000;
/** … or so much of the plan's width. */
const FAR_PLAN = 0.35;
const EARTH_M = 6_371_000;

export interface Related {
  camera: Camera;
  /** Metres away, where both places on the earth are known. */
  meters?: number;
}

/** Along the surface (haversine). */
export function metersBetween(a: Place, b: Place): number | null {
  const { latitude: fromLatitude, longitude: fromLongitude } = a;
  const { latitude: toLatitude, longitude: toLongitude } = b;
  if (fromLatitude === undefined || fromLongitude === undefined) return null;
  if (toLatitude === undefined || toLongitude === undefined) return null;
  const rad = (degrees: number) => (degrees * Math.PI) / 180;
  const half = (from: number, to: number) => Math.sin(rad(to - from) / 2) ** 2;
  const h =
    half(fromLatitude, toLatitude) +
    Math.cos(rad(fromLatitude)) * Math.cos(rad(toLatitude)) * half(fromLongitude, toLongitude);
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

function planDistance(a: Place, b: Place): number | null {
  return a.at && b.at ? Math.hypot(a.at.x - b.at.x, a.at.y - b.at.y) : null;
}

export function relatedTo(id: string, cameras: readonly Camera[]): Related[] {
  const own = cameras.find((camera) => camera.id === id);
  if (!own) return [];
  return nearTo(
    own,
    cameras.filter((camera) => camera.id !== id),
  );
}

/** The nearest first; cameras of the same area come after those whose distance is known. */
export function nearTo(own: Place, cameras: readonly Camera[]): Related[] {
  const ranked: { related: Related; rank: number }[] = [];
  for (const camera of cameras) {
    const meters = metersBetween(own, camera);
    const plan = planDistance(own, camera);
    if (meters !== null && meters <= FAR_M)
      ranked.push({ related: { camera, meters }, rank: meters / FAR_M });
    else if (meters === null && plan !== null && plan <= FAR_PLAN) {
      ranked.push({ related: { camera }, rank: plan / FAR_PLAN });
    } else if (camera.area === own.area) ranked.push({ related: { camera }, rank: 2 });
  }
  ranked.sort(
    (a, b) => a.rank - b.rank || a.related.camera.name.localeCompare(b.related.camera.name, "zh-CN"),
  );
  return ranked.slice(0, MOST).map(({ related }) => related);
}
