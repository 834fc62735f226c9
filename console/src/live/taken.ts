/** Which of one's own incidents somebody else answers for now. No words and no React here. */
import type { HistoryRow, Incident } from "../api/types";
import { isOpen } from "./book";

/** What `viewer` answers for, by id, with the version that was seen. */
export function ownOf(incidents: readonly Incident[], viewer: number): Map<number, number> {
  const own = incidents.filter((i) => isOpen(i) && i.owner?.id === viewer);
  return new Map(own.map((i) => [i.id, i.version]));
}

/** Those of `own` that are open and another's. How they came to be that is for the history to say. */
export function lostOf(
  own: ReadonlyMap<number, number>,
  incidents: readonly Incident[],
  viewer: number,
): Incident[] {
  return incidents.filter(
    (i) => own.has(i.id) && isOpen(i) && i.owner !== undefined && i.owner.id !== viewer,
  );
}

/** The row that says who took it over and why, if that is what happened since: a hand-over was the holder's own doing. */
export function takingOf(history: readonly HistoryRow[], since: number): HistoryRow | undefined {
  return history.filter((row) => row.version > since && row.action === "take_over").at(-1);
}
