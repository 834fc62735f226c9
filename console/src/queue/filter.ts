/**
 * What the operator wants to see of the queue. It lives in the page's address, in saved views and in the question to
 * the gateway under the same names; rows that arrive by themselves are measured here by the same rules.
 */
import type { Filter } from "../api/desk";
import type { Incident } from "../api/types";

const LISTS = ["level", "stage", "class", "source"] as const;
const WORDS = ["area", "unit", "q"] as const;
const FLAGS = ["mine", "overdue"] as const;
type ListName = (typeof LISTS)[number];

export interface QueueFilter extends Record<ListName, readonly string[]> {
  area: string | undefined;
  unit: string | undefined;
  q: string;
  mine: boolean;
  overdue: boolean;
}

export const NO_FILTER: QueueFilter = {
  level: [],
  stage: [],
  class: [],
  source: [],
  area: undefined,
  unit: undefined,
  q: "",
  mine: false,
  overdue: false,
};

const parts = (text: string | null | undefined): string[] =>
  (text ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

export function readFilter(get: (name: string) => string | null | undefined): QueueFilter {
  return {
    level: parts(get("level")),
    stage: parts(get("stage")),
    class: parts(get("class")),
    source: parts(get("source")),
    area: get("area") || undefined,
    unit: get("unit") || undefined,
    q: get("q") ?? "",
    mine: get("mine") === "true",
    overdue: get("overdue") === "true",
  };
}

/** Only what excludes something, under the gateway's own names. */
export function writeFilter(filter: QueueFilter): Filter {
  const written: Record<string, string> = {};
  for (const name of LISTS) if (filter[name].length > 0) written[name] = filter[name].join(",");
  for (const name of WORDS) {
    const text = filter[name]?.trim();
    if (text) written[name] = text;
  }
  for (const name of FLAGS) if (filter[name]) written[name] = "true";
  return written;
}

export const isFiltered = (filter: QueueFilter): boolean => Object.keys(writeFilter(filter)).length > 0;

export const sameFilter = (a: Filter, b: Filter): boolean => {
  const sorted = (filter: Filter) => JSON.stringify(Object.entries(filter).sort());
  return sorted(a) === sorted(b);
};

/** Every name that a filter may have in the page's address. */
export const FILTER_NAMES: readonly string[] = [...LISTS, ...WORDS, ...FLAGS];

/** Its deadline is over. */
export const isLate = (incident: Incident, now: number): boolean =>
  incident.deadline_ms !== undefined && incident.deadline_ms <= now;

export interface Measure {
  viewerId: number;
  now: number;
  /** The first area is the second one, or lies in it. */
  liesIn: (area: string, within: string) => boolean;
}

const has = (list: readonly string[], word: string) => list.length === 0 || list.includes(word);

/** Whether a row belongs; of the words in `q` only the gateway can tell. */
export function passes(incident: Incident, filter: QueueFilter, by: Measure): boolean {
  const { area, unit } = filter;
  return (
    has(filter.level, String(incident.level)) &&
    has(filter.stage, incident.state) &&
    has(filter.class, incident.class) &&
    has(filter.source, incident.source) &&
    (area === undefined || by.liesIn(incident.area, area)) &&
    (unit === undefined || incident.units.some((one) => one.unit === unit && one.ended_ms === undefined)) &&
    (!filter.mine || incident.owner?.id === by.viewerId) &&
    (!filter.overdue || isLate(incident, by.now))
  );
}
