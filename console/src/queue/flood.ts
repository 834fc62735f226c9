/**
 * When incidents come faster than people can read: whether it is a flood, and what belongs together in it. It ends by
 * itself when it ebbs, or by hand until the next one.
 */
import type { Flood, Incident } from "../api/types";
import { groupOf } from "../live/soundGroups";
import { byUrgency } from "./board";

const RED = 1;

export type FloodWish =
  /** As the rate says. */
  | "auto"
  /** Grouped until somebody ends it. */
  | "on"
  /** Left by hand: one by one until it has ebbed. */
  | "off";

export interface FloodState {
  /** The rate says so. */
  high: boolean;
  wish: FloodWish;
}

export const CALM: FloodState = { high: false, wish: "auto" };

/** How many came within the window before `now`. */
export function arrivals(incidents: readonly Incident[], flood: Flood, now: number): number {
  const since = now - flood.window_s * 1000;
  return incidents.filter((i) => i.received_ms > since && i.received_ms <= now).length;
}

/** What is left of a flood must be well below it, so that the list does not change its shape to and fro. */
export function next(state: FloodState, arrived: number, flood: Flood): FloodState {
  const high = state.high ? arrived > flood.incidents / 2 : arrived > flood.incidents;
  // Who left a flood by hand has left this one, not the next.
  const wish = state.wish === "off" && !high ? "auto" : state.wish;
  return high === state.high && wish === state.wish ? state : { high, wish };
}

export const isGrouped = (state: FloodState): boolean =>
  state.wish === "on" || (state.wish === "auto" && state.high);

export interface FloodGroup {
  key: string;
  /** The most urgent first. */
  incidents: Incident[];
  level: number;
  first_ms: number;
  last_ms: number;
}

/** Unclaimed incidents: red ones alone, the others by camera and class, the most urgent and the largest first. */
export function grouped(incidents: readonly Incident[]): { red: Incident[]; groups: FloodGroup[] } {
  const waiting = incidents.filter((i) => i.state === "new").sort(byUrgency);
  const groups = new Map<string, FloodGroup>();
  for (const incident of waiting) {
    if (incident.level === RED) continue;
    const key = groupOf(incident);
    const at = incident.opened_ms;
    const group = groups.get(key);
    if (group) {
      group.incidents.push(incident);
      group.first_ms = Math.min(group.first_ms, at);
      group.last_ms = Math.max(group.last_ms, at);
    } else groups.set(key, { key, incidents: [incident], level: incident.level, first_ms: at, last_ms: at });
  }
  return {
    red: waiting.filter((i) => i.level === RED),
    groups: [...groups.values()].sort(
      (a, b) => a.level - b.level || b.incidents.length - a.incidents.length || a.first_ms - b.first_ms,
    ),
  };
}

/** What J and K go through: the red ones, then each group by its most urgent one. */
export function stops(incidents: readonly Incident[]): number[] {
  const { red, groups } = grouped(incidents);
  return [...red, ...groups.flatMap((group) => group.incidents.slice(0, 1))].map((incident) => incident.id);
}
