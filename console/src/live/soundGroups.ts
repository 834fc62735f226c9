/**
 * One sound for one thing: twenty alarms of one camera and class within a minute are heard once. Red is always heard,
 * and rings on anyway until somebody claims it.
 */
import type { Incident } from "../api/types";

const QUIET_MS = 60_000;
const RED = 1;

/** What belongs together: the same class on the same camera, or in the same area when a person reported it. */
export const groupOf = (incident: Incident): string =>
  `${incident.camera ?? `area:${incident.area}`}/${incident.class}`;

export class SoundGroups {
  #heard = new Map<string, { at_ms: number; level: number }>();

  /** Called for what is new or was raised. What is worse than what was heard is heard too. */
  isWorthASound(incident: Incident, now: number): boolean {
    for (const [group, heard] of this.#heard) if (now - heard.at_ms >= QUIET_MS) this.#heard.delete(group);
    const group = groupOf(incident);
    const heard = this.#heard.get(group);
    if (incident.level !== RED && heard !== undefined && heard.level <= incident.level) return false;
    this.#heard.set(group, { at_ms: now, level: incident.level });
    return true;
  }
}
