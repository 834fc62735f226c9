/** The order of work in revisits: what is done leaves, and the next one is selected. No words here. */
import type { Incident } from "../../api/types";

/** It waits to be asked about, or for what follows an answer; what is archived waits for nothing. */
export const waits = (incident: Incident): boolean =>
  incident.archived_ms === undefined &&
  ((incident.state === "closed" && incident.close_reason === "handled") || isDiscontent(incident));

/** People were asked and are not content, and nobody has decided what follows. */
export const isDiscontent = (incident: Incident): boolean =>
  incident.state === "revisited" &&
  incident.satisfaction === "dissatisfied" &&
  incident.archived_ms === undefined;

/** What to go on with once `id` is done: the one below it, or else the one above. */
export function nextAfter(rows: readonly number[], id: number): number | undefined {
  const at = rows.indexOf(id);
  return at < 0 ? rows[0] : (rows[at + 1] ?? rows[at - 1]);
}
