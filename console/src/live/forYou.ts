/** Which of what was escalated to a person is news to them. No words and no React here. */
import type { Escalated } from "../api/types";

/** Those that were not there, or were told again since. `known`: when each was told, by the incident's id. */
export function arrivedOf(known: ReadonlyMap<number, number>, now: readonly Escalated[]): Escalated[] {
  return now.filter((one) => known.get(one.incident.id) !== one.told_ms);
}
