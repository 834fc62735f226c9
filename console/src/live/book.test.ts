import { describe, expect, it, vi } from "vitest";
import { incident } from "../testing";
import { IncidentBook } from "./book";

describe("IncidentBook", () => {
  it("takes what an alarm's end says of the same version, and not what came before it", () => {
    const book = new IncidentBook();
    book.reset([incident(1, { ongoing: true })], 10);
    book.apply(incident(1, { ongoing: false }), 11);
    expect(book.get(1)?.ongoing).toBe(false);
    book.apply(incident(1, { ongoing: true }), 11);
    book.apply(incident(1, { ongoing: true }));
    expect(book.get(1)?.ongoing).toBe(false);
    book.reset([incident(1, { ongoing: true })], 10);
    expect(book.get(1)?.ongoing).toBe(false);
  });

  it("takes only greater versions, so that duplicates and late arrivals change nothing", () => {
    const book = new IncidentBook();
    const told = vi.fn();
    book.subscribe(told);
    book.apply(incident(1, { version: 3, state: "claimed" }));
    book.apply(incident(1, { version: 3, state: "new" }));
    book.apply(incident(1, { version: 2, state: "new" }));
    expect(book.get(1)?.state).toBe("claimed");
    expect(told).toHaveBeenCalledTimes(1);
    book.apply(incident(1, { version: 4, state: "closed" }));
    expect(book.get(1)?.state).toBe("closed");
  });

  it("tells what deserves a sound: new open incidents and raised levels", () => {
    const book = new IncidentBook();
    expect(book.apply(incident(1))).toBe("new");
    expect(book.apply(incident(1, { version: 2 }))).toBeNull();
    expect(book.apply(incident(1, { version: 3, level: 1 }))).toBe("raised");
    expect(book.apply(incident(2, { state: "closed" }))).toBeNull();
  });

  it("tells what has arrived from what lay beyond the snapshot and was only heard of now", () => {
    const book = new IncidentBook();
    const long = 3_600_000;
    const beyond = [
      incident(1, { version: 4 }),
      incident(2, { version: 2, level: 1 }),
      incident(3, { version: 7, state: "handling", received_ms: long - 1_000 }),
    ];
    for (const one of beyond) {
      expect(book.apply(one, 10, long)).toBeNull();
      expect(book.isArrival(one.id)).toBe(false);
    }
    // A note on it makes it no arrival either, and worse it can become.
    expect(book.apply(incident(1, { version: 5 }), 11, long)).toBeNull();
    expect(book.isArrival(1)).toBe(false);
    expect(book.apply(incident(1, { version: 6, level: 1 }), 12, long)).toBe("raised");

    expect(book.apply(incident(4), 13, long)).toBe("new");
    expect(book.apply(incident(5, { version: 3, received_ms: long - 60_000 }), 14, long)).toBe("new");
    book.reset([incident(6, { version: 9, state: "claimed" })], 20);
    expect([4, 5, 6].every(book.isArrival)).toBe(true);
  });

  it("a snapshot removes open incidents that are gone and never turns one back", () => {
    const book = new IncidentBook();
    book.apply(incident(1, { version: 5, state: "claimed" }));
    book.apply(incident(2));
    book.apply(incident(3, { state: "closed" }));
    book.reset([incident(1, { version: 4 }), incident(4)], 0);
    expect(book.view().map((i) => [i.id, i.version])).toEqual([
      [3, 1],
      [1, 5],
      [4, 1],
    ]);
  });
});

it("hears a further alarm after a long quiet, and not while it goes on or lies aside", () => {
  const book = new IncidentBook();
  book.apply(incident(1, { alarms: 1, last_alarm_ms: 0, state: "dispatched" }), 1);
  const next = (seq: number, fields: object) =>
    book.apply(incident(1, { state: "dispatched", version: seq, ...fields }), seq);
  expect(next(2, { alarms: 2, last_alarm_ms: 300_000 })).toBeNull();
  expect(next(3, { alarms: 3, last_alarm_ms: 600_001 })).toBe("again");
  expect(next(4, { alarms: 3, last_alarm_ms: 9_000_000 })).toBeNull();
  expect(next(5, { alarms: 4, last_alarm_ms: 19_000_000, state: "shelved" })).toBeNull();
  book.quietMs = 10;
  expect(next(6, { alarms: 5, last_alarm_ms: 19_000_020 })).toBe("again");
});
