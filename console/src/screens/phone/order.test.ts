import { describe, expect, it } from "vitest";
import type { Assignment, HistoryRow } from "../../api/types";
import { incident } from "../../testing";
import { clockOf, dueOf, historyOf, stepOf, tasksOf, wordsOfCentre } from "./order";

const told = (fields: Partial<Assignment> = {}): Assignment => ({
  unit: "patrol",
  unit_name: "巡防队",
  lead: true,
  told_ms: 1,
  reworks: 0,
  ...fields,
});

describe("stepOf", () => {
  it.each([
    [{}, "sign_in"],
    [{ signed_ms: 2 }, "arrive"],
    [{ signed_ms: 2, arrived_ms: 3 }, "work"],
    [{ signed_ms: 2, arrived_ms: 3, finished_ms: 4 }, "done"],
    [{ ended_ms: 5, end_cause: "returned" }, "over"],
  ] as const)("%o: %s", (fields, step) => {
    expect(stepOf(incident(1, { state: "dispatched", units: [told(fields)] }), "patrol")).toBe(step);
  });

  it("goes by the newest time that the unit was told", () => {
    const units = [told({ ended_ms: 5 }), told({ told_ms: 9 })];
    expect(stepOf(incident(1, { state: "dispatched", units }), "patrol")).toBe("sign_in");
    expect(stepOf(incident(1, { state: "dispatched", units }), "fire")).toBe("over");
    expect(stepOf(incident(1, { state: "closed", units }), "patrol")).toBe("over");
  });
});

it("puts the most urgent first, and what is done apart", () => {
  const one = (id: number, fields: object) =>
    incident(id, { state: "dispatched", units: [told()], ...fields });
  const { todo, waiting } = tasksOf(
    [
      one(1, { level: 3, deadline_ms: 50 }),
      one(2, { level: 1, deadline_ms: 90 }),
      one(3, { level: 3, deadline_ms: 20 }),
      one(4, { level: 3, held_since_ms: 5, deadline_ms: 1 }),
      one(5, { units: [told({ signed_ms: 1, arrived_ms: 1, finished_ms: 1 })] }),
      one(6, { units: [told({ ended_ms: 1 })] }),
    ],
    "patrol",
  );
  expect(todo.map((i) => i.id)).toEqual([2, 3, 1, 4]);
  expect(waiting.map((i) => i.id)).toEqual([5]);
});

it("knows whose clock it is", () => {
  const clock = { working: false, allowed_s: 60, started_ms: 0, fired: 0 };
  const clocks = [
    { ...clock, kind: "sign", unit: "fire", due_ms: 10 },
    { ...clock, kind: "sign", unit: "patrol", due_ms: 20 },
    { ...clock, kind: "arrive", unit: "patrol", due_ms: 30, stopped_ms: 1 },
    { ...clock, kind: "finish", due_ms: 40 },
  ];
  expect(clockOf(clocks, "patrol", "sign_in")).toBe(20);
  expect(clockOf(clocks, "patrol", "arrive")).toBeUndefined();
  expect(clockOf(clocks, "patrol", "work")).toBe(40);
  expect(dueOf(incident(1, { due_ms: 7, deadline_ms: 3 }), "work")).toBe(7);
  expect(dueOf(incident(1, { due_ms: 7, deadline_ms: 3 }), "done")).toBeUndefined();
});

it("shows what concerns the unit, the newest first", () => {
  const row = (version: number, action: string, more: Partial<HistoryRow> = {}): HistoryRow => ({
    at_ms: version,
    action,
    to: "dispatched",
    level: 3,
    version,
    ...more,
  });
  const rows = [
    row(1, "open"),
    row(2, "dispatch", { note: "尽快到场" }),
    row(3, "sign_in", { unit: "fire" }),
    row(4, "sign_in", { unit: "patrol" }),
    row(5, "warn"),
    row(6, "urge", { note: "请加快" }),
    row(7, "feedback", { unit: "patrol", note: "到了" }),
  ];
  expect(historyOf(rows, "patrol").map((r) => r.version)).toEqual([7, 6, 4, 2, 1]);
  expect(wordsOfCentre(rows, "patrol").map((r) => r.note)).toEqual(["请加快", "尽快到场"]);
});
