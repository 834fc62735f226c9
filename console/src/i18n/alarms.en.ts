/** What alarms are called and say, in English. */
import type { Evidence } from "../api/types";

export const objectClass: Record<string, string> = {
  person: "person",
  bicycle: "bicycle",
  motorcycle: "motorcycle",
  two_wheeler: "two-wheeler",
  tricycle: "tricycle",
  car: "car",
  bus: "bus",
  truck: "truck",
  animal: "animal",
  fire: "fire",
  smoke: "smoke",
  other: "object",
};

export const incidentClass: Record<string, string> = {
  crowding: "Crowding",
  crowd_surge: "Crowd surge",
  intrusion: "Intrusion",
  water_edge: "Water's edge",
  line_crossing: "Line crossed",
  wrong_way: "Wrong way",
  loitering: "Loitering",
  stopped_vehicle: "Stopped vehicle",
  accident: "Suspected accident",
  person_down: "Person down",
  left_object: "Left object",
  running: "People running",
  smoke: "Smoke",
  fire: "Fire",
};

const sign: Record<string, string> = {
  contact: "two met and touched",
  abrupt_stop: "an abrupt stop",
  both_abrupt: "both stopped abruptly",
  halted: "standing where they met",
  person_down: "someone lies there",
  bystander: "someone came and stays",
  bystanders: "several came and stay",
};

const plural: Record<string, string> = { person: "people", bus: "buses", fire: "fires", smoke: "smoke" };
const place = (e: Evidence) => e.zone?.name ?? "the picture";
const held = (e: Evidence) => Math.round(e.held_ms / 1000);
const seconds = (ms: number) => Math.round(ms / 1000);
const things = (one: string, n: number) =>
  n === 1 ? (objectClass[one] ?? one) : (plural[one] ?? `${objectClass[one] ?? one}s`);
const limit = (e: Evidence) => (e.detail?.of === "stay" ? `, limit ${seconds(e.detail.limit_ms)} s` : "");

/** Codes and numbers become the sentence that a person reads. */
export function sentence(e: Evidence): string {
  const n = Math.max(1, e.count);
  const what = `${n} ${things(e.class, n)}`;
  const detail = e.detail;
  switch (e.rule_class) {
    case "crowding":
      return `${e.count} ${things("person", e.count)} in ${place(e)} for ${held(e)} s, limit ${e.limit}`;
    case "crowd_surge": {
      const grew = detail?.of === "growth" ? detail : { from: 0, to: e.count, within_ms: 0 };
      const within = grew.within_ms > 0 ? ` within ${seconds(grew.within_ms)} s` : "";
      return `from ${grew.from} to ${grew.to} people in ${place(e)}${within}, limit ${e.limit} more`;
    }
    case "line_crossing": {
      if (detail?.of !== "crossing") return `${what} crossed a line`;
      return `${what} crossed ${detail.line.name}: ${detail.forward} forward, ${detail.backward} backward`;
    }
    case "wrong_way":
      return `${what} the wrong way in ${place(e)} for ${held(e)} s`;
    case "loitering":
      return `${what} stayed in ${place(e)} for ${held(e)} s${limit(e)}`;
    case "stopped_vehicle":
      return `${what} standing in ${place(e)} for ${held(e)} s${limit(e)}`;
    case "accident": {
      const signs = detail?.of === "accident" ? detail.signs.map((s) => sign[s] ?? s) : [];
      const why = signs.length > 0 ? `: ${signs.join(", ")}` : "";
      return `suspected accident in ${place(e)} (${Math.round(e.score * 100)}%)${why}`;
    }
    case "person_down":
      return `${n} ${things("person", n)} down in ${place(e)} for ${held(e)} s${limit(e)}`;
    case "left_object":
      return `${n} unattended ${n === 1 ? "object" : "objects"} in ${place(e)} for ${held(e)} s${limit(e)}`;
    case "running":
      return `${e.count} ${things("person", e.count)} running in ${place(e)} for ${held(e)} s, limit ${e.limit}`;
    case "smoke":
    case "fire":
      return `${objectClass[e.rule_class]} in ${place(e)} for ${held(e)} s`;
    case "water_edge":
      return `${what} at the water's edge in ${place(e)} for ${held(e)} s`;
    // Intrusion, and whatever a newer gateway may say.
    default:
      return `${what} in ${place(e)} for ${held(e)} s`;
  }
}
