/**
 * Every incident that this browser knows, each as it was last. Duplicates and late arrivals are harmless: a greater
 * version replaces, and of the same version what the log says later, because an alarm that ends and a clock that is set
 * make no version. No ordering and no words here.
 */
import type { Incident, IncidentState } from "../api/types";

const FINISHED: ReadonlySet<IncidentState> = new Set(["closed", "revisited", "rejected", "merged"]);

export function isOpen(incident: Incident): boolean {
  return !FINISHED.has(incident.state);
}

/** An incident, and the position of the log that it was known at. */
export interface Known {
  incident: Incident;
  seq: number;
  /** It had been open for long when something about it made it known: no arrival. */
  isOld?: boolean;
}

/** Younger ones may have come in while the link was away, and have had an alarm or a note since. */
const RECENT_MS = 300_000;

/** What was never heard of has arrived, or lay beyond the snapshot: there may be more open ones than that holds. */
function hasArrived(incident: Incident, now: number): boolean {
  const isYoung = incident.version === 1 || now - incident.received_ms < RECENT_MS;
  return incident.state === "new" && (isYoung || incident.reopened);
}

/** Whether an arrival says more than what is kept. An answer to an action knows no position, and counts by its version. */
export function isNews(kept: Known | undefined, arrived: Incident, seq: number | null): boolean {
  if (kept === undefined) return true;
  if (arrived.version !== kept.incident.version) return arrived.version > kept.incident.version;
  return seq !== null && seq > kept.seq;
}

/** `again`: it had been quiet for long, and alarms once more. */
export type Fresh = "new" | "raised" | "again" | null;

/** Until the gateway has said what the site calls long. */
const USUAL_QUIET_MS = 300_000;

export class IncidentBook {
  #byId = new Map<number, Known>();
  #listeners = new Set<() => void>();
  #view: readonly Incident[] = [];
  #loaded = false;
  #rest: string | undefined;
  /** After so long without an alarm a further one is news. */
  quietMs = USUAL_QUIET_MS;

  /** For `useSyncExternalStore`: the same array until something changes. */
  view = (): readonly Incident[] => this.#view;
  loaded = (): boolean => this.#loaded;
  /** Where what the snapshot did not hold begins, for the gateway; undefined: it held all. */
  rest = (): string | undefined => this.#rest;
  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get(id: number): Incident | undefined {
    return this.#byId.get(id)?.incident;
  }

  /** Whether it came in as news, and did not merely come to be known. */
  isArrival = (id: number): boolean => this.#byId.get(id)?.isOld !== true;

  /**
   * Takes a snapshot of the open incidents: one that we hold as open and that is not in it is gone, or lies with the less
   * urgent ones beyond it.
   */
  reset(open: readonly Incident[], asOf: number, rest?: string): void {
    this.#rest = rest;
    const kept = new Map<number, Known>();
    for (const [id, known] of this.#byId) if (!isOpen(known.incident)) kept.set(id, known);
    for (const incident of open) {
      const known = this.#byId.get(incident.id);
      const isKnown = known !== undefined && !isNews(known, incident, asOf);
      const is = isKnown ? known : { incident, seq: asOf, isOld: known?.isOld };
      kept.set(incident.id, is);
    }
    this.#byId = kept;
    this.#loaded = true;
    this.#tell();
  }

  /** Takes one change, from the log with its position; tells whether it is worth a sound. */
  apply(incident: Incident, seq: number | null = null, now = Date.now()): Fresh {
    const known = this.#byId.get(incident.id);
    if (!isNews(known, incident, seq)) return null;
    // What was over and is opened again is news.
    const isOld = known
      ? known.isOld && isOpen(known.incident)
      : isOpen(incident) && !hasArrived(incident, now);
    this.#byId.set(incident.id, { incident, seq: seq ?? known?.seq ?? 0, isOld });
    this.#tell();
    if (!isOpen(incident)) return null;
    if (!known) return isOld ? null : "new";
    if (incident.level < known.incident.level) return "raised";
    // What was put aside stays aside: repeats of it are why it was.
    const isRepeat = incident.alarms > known.incident.alarms && incident.state !== "shelved";
    return isRepeat && incident.last_alarm_ms - known.incident.last_alarm_ms > this.quietMs ? "again" : null;
  }

  /** It is no longer this viewer's. */
  forget(id: number): void {
    if (this.#byId.delete(id)) this.#tell();
  }

  #tell(): void {
    this.#view = [...this.#byId.values()].map((known) => known.incident);
    for (const listener of this.#listeners) listener();
  }
}
