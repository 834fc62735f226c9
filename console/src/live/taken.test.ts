import { expect, it } from "vitest";
import type { HistoryRow } from "../api/types";
import { incident } from "../testing";
import { lostOf, ownOf, takingOf } from "./taken";

const ann = { id: 1, name: "Ann" };
const ben = { id: 2, name: "Ben" };

it("knows what is lost of one's own, and not what was given back or is over", () => {
  const mine = [1, 2, 3, 4].map((id) => incident(id, { state: "claimed", owner: ann, version: 5 }));
  const own = ownOf([...mine, incident(9, { state: "claimed", owner: ben })], 1);
  expect([...own.keys()]).toEqual([1, 2, 3, 4]);
  const now = [
    incident(1, { state: "claimed", owner: ben, version: 6 }),
    incident(2, { state: "new", version: 6 }),
    incident(3, { state: "closed", owner: ben, version: 6 }),
    incident(4, { state: "assessed", owner: ann, version: 6 }),
    incident(9, { state: "claimed", owner: ben }),
  ];
  expect(lostOf(own, now, 1).map((i) => i.id)).toEqual([1]);
});

it("says who took it and why only when it was taken since", () => {
  const row = (version: number, action: string): HistoryRow => ({
    at_ms: 1,
    action,
    to: "claimed",
    level: 2,
    version,
  });
  const rows = [row(4, "take_over"), row(5, "note"), row(6, "take_over")];
  expect(takingOf(rows, 5)?.version).toBe(6);
  expect(takingOf(rows, 6)).toBeUndefined();
  expect(takingOf([row(6, "hand_over")], 5)).toBeUndefined();
});
