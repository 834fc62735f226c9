/**
 * Every incident that this browser knows, each in its newest version. Duplicates and late arrivals are harmless:
 * only a greater version replaces. No ordering and no words here.
 */
import type { Incident, IncidentState } from "../api/types";

const FINISHED: ReadonlySet<IncidentState> = new Set(["closed", "revisited", "rejected", "merged"]);

export function isOpen(incident: Incident): boolean {
  return !FINISHED.has(incident.state);
}

/** The incident as it should be kept, or null when the arrival is not newer. */
export function newer(kept: Incident | undefined, arrived: Incident): Incident | null {
  return kept !== undefined && arrived.version <= kept.version ? null : arrived;
}

export type Fresh = "new" | "raised" | null;

export class IncidentBook {
  #byId = new Map<number, Incident>();
  #listeners = new Set<() => void>();
  #view: readonly Incident[] = [];
  #loaded = false;

  /** For `useSyncExternalStore`: the same array until something changes. */
  view = (): readonly Incident[] => this.#view;
  loaded = (): boolean => this.#loaded;
  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get(id: number): Incident | undefined {
    return this.#byId.get(id);
  }

  /** Takes a snapshot of all open incidents: one that we hold as open and that is not in it is gone. */
  reset(open: readonly Incident[]): void {
    const kept = new Map<number, Incident>();
    for (const [id, incident] of this.#byId) if (!isOpen(incident)) kept.set(id, incident);
    for (const incident of open) {
      const known = this.#byId.get(incident.id);
      kept.set(incident.id, newer(known, incident) ?? known ?? incident);
    }
    this.#byId = kept;
    this.#loaded = true;
    this.#tell();
  }

  /** Takes one change; tells whether it is worth a sound. */
  apply(incident: Incident): Fresh {
    const known = this.#byId.get(incident.id);
    const next = newer(known, incident);
    if (!next) return null;
    this.#byId.set(next.id, next);
    this.#tell();
    if (!isOpen(next)) return null;
    if (!known) return "new";
    return next.level < known.level ? "raised" : null;
  }

  /** It is no longer this viewer's. */
  forget(id: number): void {
    if (this.#byId.delete(id)) this.#tell();
  }

  #tell(): void {
    this.#view = [...this.#byId.values()];
    for (const listener of this.#listeners) listener();
  }
}
