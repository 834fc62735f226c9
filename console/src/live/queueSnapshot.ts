/**
 * The open incidents as the board begins with them: the most urgent ones, as many as a screen needs, and of the red ones
 * every one, however many there are. What lies beyond is had page by page from `next_cursor` on.
 */
import type { Answer } from "../api/client";
import type { Filter } from "../api/desk";
import type { IncidentList } from "../api/types";

const PAGE = 500;
/** More red ones than in so many pages are no queue any more; they can be had like all that lies beyond. */
const MOST_PAGES = 20;
const RED = 1;

export type Find = (filter: Filter, signal?: AbortSignal) => Promise<Answer<IncidentList>>;

/**
 * Pages are read one after the other; what changes in between is in the log after `as_of_seq` of the first one, and so
 * reaches whoever follows it.
 */
export async function queueSnapshot(
  find: Find,
  signal: AbortSignal,
): Promise<IncidentList | "signed_out" | "failed"> {
  let all: IncidentList | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const cursor: Filter = all?.next_cursor === undefined ? {} : { cursor: all.next_cursor };
    const answer = await find({ state: "open", limit: String(PAGE), ...cursor }, signal);
    if (answer.kind !== "ok")
      return answer.kind === "error" && answer.problem.status === 401 ? "signed_out" : "failed";
    const list = answer.value;
    all = all
      ? { ...list, as_of_seq: all.as_of_seq, incidents: [...all.incidents, ...list.incidents] }
      : list;
    if (list.next_cursor === undefined || list.incidents.at(-1)?.level !== RED) break;
  }
  return all ?? "failed";
}
