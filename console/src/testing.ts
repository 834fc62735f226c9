/** Made-up incidents for tests. */
import type { Evidence, Incident, TraceBox } from "./api/types";

export const evidence: Evidence = {
  rule_class: "crowding",
  count: 12,
  limit: 10,
  peak: 15,
  zone: { id: "square", name: "广场" },
  class: "person",
  held_ms: 20_000,
  score: 0.9,
  tracks: [7],
};

export function incident(id: number, fields: Partial<Incident> = {}): Incident {
  return {
    id,
    number: String(id),
    state: "new",
    level: 3,
    class: "crowding",
    source: "camera",
    camera: "cam",
    camera_name: "文化广场",
    area: "market",
    area_name: "集市",
    place: "crowded",
    opened_ms: id * 1_000,
    received_ms: id * 1_000,
    last_alarm_ms: id * 1_000,
    alarms: 1,
    version: 1,
    ongoing: true,
    close_suggested: false,
    units: [],
    overdue: false,
    extended: false,
    rework: false,
    reopened: false,
    urged: 0,
    escalated: 0,
    evidence,
    thumbnail: false,
    ...fields,
  };
}

export function box(track: number, x0: number, fields: Partial<TraceBox> = {}): TraceBox {
  return { track, class: "person", confidence: 0.8, rect: { x0, y0: 0.2, x1: x0 + 0.1, y1: 0.6 }, ...fields };
}
