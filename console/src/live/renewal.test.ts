import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { incident } from "../testing";
import { IncidentBook } from "./book";
import { FOUND, Renewal, staleLists } from "./renewal";

const open = incident(1, { state: "claimed" });
const closed = incident(1, { state: "closed", close_reason: "handled", version: 2 });

describe("lists of what is over", () => {
  it("are old once something is over, is changed there, or is opened again", () => {
    const over = staleLists(open, closed);
    expect(over).toContainEqual(["incidents", "found", "closed"]);
    expect(over).toContainEqual(["incidents", "found", "revisit"]);
    expect(over).toContainEqual(["incidents", "found", "revisit-counts"]);
    // This browser has never heard of it: it lay beyond the snapshot.
    expect(staleLists(undefined, closed)).toEqual(over);
    expect(staleLists(closed, { ...closed, state: "revisited" })).toEqual(over);
    expect(staleLists(closed, { ...open, version: 3 })).toEqual(over);
    expect(staleLists(undefined, open)).toEqual([]);
    expect(staleLists(open, { ...open, version: 2 })).toEqual([]);
  });

  it("have the keys of the queries that show them", () => {
    const queries = new QueryClient();
    // As useFound and useRevisitCounts name them.
    const shown = (state: string) => ["incidents", "found", state, { tab: "x" }, undefined];
    const keys = [shown("closed"), shown("revisit"), ["incidents", "found", "revisit-counts"], shown("open")];
    for (const key of keys) queries.setQueryData(key, {});
    for (const queryKey of staleLists(open, closed)) void queries.invalidateQueries({ queryKey });
    const old = () => keys.map((key) => queries.getQueryState(key)?.isInvalidated);
    expect(old()).toEqual([true, true, true, false]);
    void queries.invalidateQueries({ queryKey: FOUND });
    expect(old()).toEqual([true, true, true, true]);
    queries.clear();
  });
});

describe("a renewal", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("asks once for what many events have made old, and again for what comes later", () => {
    const asked: string[] = [];
    const renewal = new Renewal((list) => asked.push(list.join("/")));
    for (let n = 0; n < 50; n += 1) renewal.want(staleLists(open, closed));
    expect(asked).toEqual([]);
    vi.runAllTimers();
    expect(asked).toEqual([
      "incidents/found/closed",
      "incidents/found/revisit",
      "incidents/found/revisit-counts",
    ]);
    renewal.want([FOUND]);
    vi.runAllTimers();
    expect(asked.at(-1)).toBe("incidents/found");
  });

  it("waits for no end of them, and asks for nothing once it is stopped", () => {
    let asked = 0;
    const renewal = new Renewal(() => {
      asked += 1;
    });
    for (let n = 0; n < 10; n += 1) {
      renewal.want([FOUND]);
      vi.advanceTimersByTime(100);
    }
    expect(asked).toBe(2);
    renewal.want([FOUND]);
    renewal.stop();
    vi.runAllTimers();
    expect(asked).toBe(2);
    renewal.want([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

it("a snapshot drops what was found beyond it, and finding it again brings it back", () => {
  const book = new IncidentBook();
  const beyond = incident(600, { state: "claimed" });
  book.reset([incident(1)], 10, "cursor");
  book.apply(beyond);
  book.reset([incident(1)], 20, "cursor");
  expect(book.get(600)).toBeUndefined();
  book.apply(beyond);
  expect(book.get(600)).toEqual(beyond);
  expect(book.isArrival(600)).toBe(false);
});
