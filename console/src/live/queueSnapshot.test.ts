import { describe, expect, it } from "vitest";
import type { Incident } from "../api/types";
import { byUrgency } from "../queue/board";
import { incident } from "../testing";
import { IncidentBook, isOpen } from "./book";
import { type Find, queueSnapshot } from "./queueSnapshot";

/** A gateway with so many open incidents, of which so many are red; it says in which order it was asked. */
function gateway(total: number, red: number) {
  const rows: Incident[] = Array.from({ length: total }, (_one, n) =>
    incident(n + 1, { level: (n * 7) % total < red ? 1 : 2 + (n % 3), deadline_ms: (n * 31) % 5_000 }),
  ).sort(byUrgency);
  const asked: number[] = [];
  const find: Find = async (filter) => {
    const from = Number(filter.cursor ?? 0);
    asked.push(from);
    const to = from + Number(filter.limit);
    const next = to < rows.length ? { next_cursor: String(to) } : {};
    return { kind: "ok", value: { as_of_seq: 100 + asked.length, incidents: rows.slice(from, to), ...next } };
  };
  return { rows, find, asked };
}

const signal = new AbortController().signal;

async function taken(total: number, red: number) {
  const server = gateway(total, red);
  const list = await queueSnapshot(server.find, signal);
  if (typeof list === "string") throw new Error(list);
  return { ...server, list, n_red: list.incidents.filter((one) => one.level === 1).length };
}

describe("the board's beginning", () => {
  it("is everything when that is little, and one page of the most urgent when there is more", async () => {
    expect((await taken(40, 3)).list.next_cursor).toBeUndefined();
    const { list, asked, n_red } = await taken(5_000, 120);
    expect([list.incidents.length, n_red, asked.length, list.next_cursor]).toEqual([500, 120, 1, "500"]);
  });

  it("has every red one of five thousand, and is true at the position of its first page", async () => {
    const { list, asked, n_red } = await taken(5_000, 1_300);
    expect(asked).toEqual([0, 500, 1_000]);
    expect([list.incidents.length, n_red, list.as_of_seq]).toEqual([1_500, 1_300, 101]);
    expect(new Set(list.incidents.map((one) => one.id)).size).toBe(1_500);
  });

  it("reads on when a page ends with the last red one, for nobody knows that it is the last", async () => {
    expect((await taken(2_000, 500)).n_red).toBe(500);
  });

  it("fails whole: half a board would look like a calm one", async () => {
    const { find } = gateway(5_000, 1_300);
    const problem = { status: 503, code: "http_503", message: "" };
    let n = 0;
    const breaking: Find = async (filter) => (n++ === 0 ? find(filter) : { kind: "error", problem });
    expect(await queueSnapshot(breaking, signal)).toBe("failed");
    const ended: Find = async () => ({ kind: "error", problem: { ...problem, status: 401 } });
    expect(await queueSnapshot(ended, signal)).toBe("signed_out");
  });

  it("leaves the rest to be asked for: page after page the book holds all five thousand", async () => {
    const { list, find, rows } = await taken(5_000, 700);
    const book = new IncidentBook();
    book.reset(list.incidents, list.as_of_seq, list.next_cursor);
    expect([book.view().length, book.rest()]).toEqual([1_000, "1000"]);
    let cursor = book.rest();
    while (cursor !== undefined) {
      const page = await find({ state: "open", limit: "50", cursor });
      if (page.kind !== "ok") throw new Error("no page");
      for (const one of page.value.incidents) book.apply(one);
      cursor = page.value.next_cursor;
    }
    expect(book.view().filter(isOpen).length).toBe(5_000);
    expect([...book.view()].sort(byUrgency).map((one) => one.id)).toEqual(rows.map((one) => one.id));
    book.reset(list.incidents, 200);
    expect([book.view().length, book.rest()]).toEqual([1_000, undefined]);
  });
});
