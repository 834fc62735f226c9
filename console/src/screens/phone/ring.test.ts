import { describe, expect, it } from "vitest";
import type { Assignment, Incident } from "../../api/types";
import { incident } from "../../testing";
import { nearEnd, ringOf } from "./ring";

const part = (fields: Partial<Assignment> = {}): Assignment => ({
  unit: "patrol",
  unit_name: "巡防队",
  lead: true,
  told_ms: 1_000,
  reworks: 0,
  ...fields,
});
const task = (fields: Partial<Incident> = {}, own: Partial<Assignment> = {}) =>
  incident(1, { state: "dispatched", units: [part(own)], ...fields });
const done = { signed_ms: 1, arrived_ms: 2, finished_ms: 3 };

describe("ringOf", () => {
  it.each([
    ["told", undefined, task()],
    ["told", incident(1, { state: "assessed" }), task()],
    ["told", task({}, { ended_ms: 5 }), task()],
    ["recalled", task(), undefined],
    ["recalled", task(), task({}, { ended_ms: 5 })],
    ["recalled", task(), task({ state: "merged" })],
    [
      "rework",
      task({ state: "done" }, done),
      task({ state: "handling" }, { ...done, finished_ms: undefined }),
    ],
    ["urged", task({ urged: 1 }), task({ urged: 3 })],
    ["raised", task({ level: 3 }), task({ level: 1 })],
    [null, task(), task({}, { signed_ms: 5 })],
    [null, task({ urged: 1 }), task({ urged: 0 })],
    [null, task({ level: 1 }), task({ level: 3 })],
    [null, task({ state: "done" }, done), task({ state: "closed" }, done)],
    [null, undefined, task({}, done)],
    [null, undefined, undefined],
    [null, undefined, incident(1, { state: "dispatched", units: [part({ unit: "fire" })] })],
  ] as const)("%s", (ring, before, after) => {
    expect(ringOf(before, after, "patrol")).toBe(ring);
  });
});

describe("nearEnd", () => {
  const own = task({ deadline_ms: 11_000 });
  it("comes when a fifth of the time is left, and is over when the time is", () => {
    expect(nearEnd(own, "patrol", 8_999)).toBeNull();
    expect(nearEnd(own, "patrol", 9_000)).toBe("1/sign_in/11000");
    expect(nearEnd(own, "patrol", 11_000)).toBeNull();
  });
  it("counts each step by itself, and a hold not at all", () => {
    const signed = task({ deadline_ms: 21_000 }, { signed_ms: 11_000 });
    expect(nearEnd(signed, "patrol", 18_000)).toBeNull();
    expect(nearEnd(signed, "patrol", 19_000)).toBe("1/arrive/21000");
    expect(nearEnd(task({ deadline_ms: 11_000, held_since_ms: 2 }), "patrol", 10_000)).toBeNull();
  });
});
