/** Which lists of the gateway an event has made old, and when they are asked for again. No React here. */
import type { Incident } from "../api/types";
import { isOpen } from "./book";

/** Of every list that the gateway has found; the lists' own keys lie below it. */
export const FOUND = ["incidents", "found"] as const;

export type ListKey = readonly string[];

/** Lists of what is over hold what this browser may never have heard of: the book cannot say what belongs in them. */
const OVER: readonly ListKey[] = [
  [...FOUND, "closed"],
  [...FOUND, "revisit"],
  [...FOUND, "revisit-counts"],
];

/** The lists that `now` has moved into, within or out of; `before`: as it was known here. */
export function staleLists(before: Incident | undefined, now: Incident): readonly ListKey[] {
  return !isOpen(now) || (before !== undefined && !isOpen(before)) ? OVER : [];
}

/** Somebody closes fifty at once: the lists are read once, not fifty times, and not broken off each time. */
const GATHER_MS = 400;

export class Renewal {
  readonly #renew: (list: ListKey) => void;
  readonly #wanted = new Map<string, ListKey>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(renew: (list: ListKey) => void) {
    this.#renew = renew;
  }

  /** They are renewed in a moment, also if nothing more comes; what comes until then is renewed with them. */
  want(lists: readonly ListKey[]): void {
    for (const list of lists) this.#wanted.set(list.join(), list);
    if (this.#wanted.size > 0) this.#timer ??= setTimeout(() => this.#run(), GATHER_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wanted.clear();
  }

  #run(): void {
    this.#timer = undefined;
    const lists = [...this.#wanted.values()];
    this.#wanted.clear();
    for (const list of lists) this.#renew(list);
  }
}
