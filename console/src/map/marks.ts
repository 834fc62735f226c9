/** What is shown where on the map, and what has no place there. No drawing and no words here. */
import type { Camera, Incident } from "../api/types";
import { isOpen } from "../live/book";
import { byUrgency } from "../queue/board";
import { isBad } from "../screens/health/StreamDot";

/** The plan counts 0 to 1 from the upper left, the map in degrees. */
export type Ground = "plan" | "tiles" | "grid";

export type CameraLook = "good" | "bad" | "idle";

export interface Mark {
  key: string;
  /** On the plan: to the right, and down. On the map: degrees east, and north. */
  x: number;
  y: number;
  camera?: Camera;
  look: CameraLook;
  /** Open ones, the most urgent first. */
  incidents: Incident[];
}

export interface Marked {
  marks: Mark[];
  /** The viewer's cameras that the site file gives no place on this ground. */
  unplaced: Camera[];
  /** Open incidents that are in no mark. */
  lost: Incident[];
}

/** Without health, which not everybody may see, nothing is claimed. */
export function lookOf(camera: Camera): CameraLook {
  const streams = [camera.main, camera.sub].filter((stream) => stream !== undefined);
  if (streams.some(isBad)) return "bad";
  return streams.some((stream) => stream.state === "streaming") ? "good" : "idle";
}

export function placeOf(camera: Camera, ground: Ground): { x: number; y: number } | null {
  if (ground === "plan") return camera.at ? { x: camera.at.x, y: camera.at.y } : null;
  if (ground === "tiles" && camera.latitude !== undefined && camera.longitude !== undefined) {
    return { x: camera.longitude, y: camera.latitude };
  }
  return null;
}

export function marksOf(cameras: readonly Camera[], incidents: readonly Incident[], ground: Ground): Marked {
  const open = incidents.filter(isOpen).sort(byUrgency);
  const ofCamera = new Map<string, Incident[]>();
  for (const incident of open) {
    if (incident.camera === undefined) continue;
    const list = ofCamera.get(incident.camera);
    if (list) list.push(incident);
    else ofCamera.set(incident.camera, [incident]);
  }
  const marks: Mark[] = [];
  const unplaced: Camera[] = [];
  const shown = new Set<number>();
  for (const camera of cameras) {
    const place = placeOf(camera, ground);
    const own = ofCamera.get(camera.id) ?? [];
    if (place) {
      marks.push({ key: `camera/${camera.id}`, ...place, camera, look: lookOf(camera), incidents: own });
      for (const incident of own) shown.add(incident.id);
    } else unplaced.push(camera);
  }
  for (const incident of open) {
    if (ground !== "tiles" || shown.has(incident.id)) continue;
    if (incident.latitude === undefined || incident.longitude === undefined) continue;
    const key = `incident/${incident.id}`;
    marks.push({ key, x: incident.longitude, y: incident.latitude, look: "idle", incidents: [incident] });
    shown.add(incident.id);
  }
  return { marks, unplaced, lost: open.filter((incident) => !shown.has(incident.id)) };
}

export interface AreaBox {
  area: string;
  name: string;
  cameras: Camera[];
  incidents: Incident[];
}

/** Where there is neither plan nor map: everything by area, in the order of their names. */
export function boxesOf(cameras: readonly Camera[], incidents: readonly Incident[]): AreaBox[] {
  const boxes = new Map<string, AreaBox>();
  const box = (area: string, name: string) => {
    const known = boxes.get(area) ?? { area, name, cameras: [], incidents: [] };
    boxes.set(area, known);
    return known;
  };
  for (const camera of cameras) box(camera.area, camera.area_name).cameras.push(camera);
  for (const incident of incidents.filter(isOpen).sort(byUrgency)) {
    box(incident.area, incident.area_name).incidents.push(incident);
  }
  return [...boxes.values()].sort((a, b) => a.name.localeCompare(b.name, "zh-CN"));
}
