/**
 * Which rows the queue shows, and in which order: level, then the nearest deadline, then age. The rule that matters is that nothing moves
 * under a hand: while somebody points at the list or has selected a row, new incidents wait behind a bar (red ones
 * do not wait), and finished rows stay where they are until the operator asks for a fresh order.
 */
import type { Incident } from "../api/types";
import { isOpen } from "../live/book";

const RED = 1;

const deadline = (incident: Incident): number => incident.deadline_ms ?? Number.MAX_SAFE_INTEGER;

/** Greater priority first, then the one that something must happen to first, then the one that has waited longest. */
export function byUrgency(a: Incident, b: Incident): number {
  return a.level - b.level || deadline(a) - deadline(b) || a.opened_ms - b.opened_ms || a.id - b.id;
}

/** The fresh order of everything open. */
export function settle(incidents: readonly Incident[]): number[] {
  return incidents
    .filter(isOpen)
    .sort(byUrgency)
    .map((i) => i.id);
}

export interface Board {
  /** Rows in the order shown; finished ones, and those not known any more, included until the next fresh order. */
  rows: number[];
  /** Open incidents that are not shown yet. */
  waiting: number[];
  /** A fresh order would differ for the rows shown. */
  outOfOrder: boolean;
}

/**
 * The next board. `calm`: nobody points at the list and nothing is selected, so that moving rows harms nobody.
 * `isArrival`: what is no arrival does not wait as a new one; a fresh order shows it.
 */
export function admit(
  shown: readonly number[],
  incidents: readonly Incident[],
  calm: boolean,
  isArrival: (id: number) => boolean = () => true,
): Board {
  const byId = new Map(incidents.map((i) => [i.id, i]));
  const anyOpen = shown.some((id) => {
    const incident = byId.get(id);
    return incident !== undefined && isOpen(incident);
  });
  if (calm || !anyOpen) return { rows: settle(incidents), waiting: [], outOfOrder: false };

  // Also one that is not known at the moment keeps its place: a new snapshot has not reached so far, and it may be found again.
  const rows = [...shown];
  const known = new Set(rows);
  const waiting: number[] = [];
  let missing = false;
  for (const incident of incidents.filter(isOpen).sort(byUrgency)) {
    if (known.has(incident.id)) continue;
    if (incident.level === RED) insert(rows, incident, byId);
    else if (isArrival(incident.id)) waiting.push(incident.id);
    else missing = true;
  }
  return { rows, waiting, outOfOrder: missing || !inOrder(rows, byId) };
}

function insert(rows: number[], incident: Incident, byId: ReadonlyMap<number, Incident>): void {
  const at = rows.findIndex((id) => {
    const other = byId.get(id);
    return other !== undefined && byUrgency(incident, other) < 0;
  });
  if (at < 0) rows.push(incident.id);
  else rows.splice(at, 0, incident.id);
}

function inOrder(rows: readonly number[], byId: ReadonlyMap<number, Incident>): boolean {
  let previous: Incident | undefined;
  for (const id of rows) {
    const incident = byId.get(id);
    if (!incident) continue;
    if (!isOpen(incident)) return false;
    if (previous && byUrgency(previous, incident) > 0) return false;
    previous = incident;
  }
  return true;
}

/** The row to select after a step; `from` undefined: the first one. */
export function step(rows: readonly number[], from: number | undefined, by: 1 | -1): number | undefined {
  if (rows.length === 0) return undefined;
  const at = from === undefined ? -1 : rows.indexOf(from);
  if (at < 0) return by > 0 ? rows[0] : rows[rows.length - 1];
  return rows[Math.min(rows.length - 1, Math.max(0, at + by))];
}

/** Lower case text in which the filter looks. */
export function matches(incident: Incident, words: string, spoken: string): boolean {
  const hay =
    `#${incident.number} ${incident.camera ?? ""} ${incident.camera_name ?? ""} ${incident.title ?? ""} ${
      incident.location ?? ""
    } ${incident.area_name} ${incident.owner?.name ?? ""} ${spoken}`.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => hay.includes(word));
}
