import { describe, expect, it } from "vitest";
import { incident } from "../../testing";
import { isDiscontent, nextAfter, waits } from "./revisits";

describe("revisits", () => {
  it("wait once closed as handled, and again while people are not content", () => {
    const closed = incident(1, { state: "closed", close_reason: "handled" });
    expect(waits(closed)).toBe(true);
    expect(waits({ ...closed, close_reason: "false_alarm" })).toBe(false);
    expect(waits({ ...closed, archived_ms: 1 })).toBe(false);
    const asked = incident(1, { state: "revisited", close_reason: "handled", satisfaction: "satisfied" });
    expect(waits(asked)).toBe(false);
    const not = { ...asked, satisfaction: "dissatisfied" as const };
    expect([isDiscontent(not), waits(not)]).toEqual([true, true]);
    expect(waits({ ...not, archived_ms: 1 })).toBe(false);
    expect(waits({ ...not, state: "new" })).toBe(false);
  });

  it("lead on to the one below, and at the end to the one above", () => {
    expect(nextAfter([5, 3, 9], 3)).toBe(9);
    expect(nextAfter([5, 3, 9], 9)).toBe(3);
    expect(nextAfter([5], 5)).toBeUndefined();
    expect(nextAfter([5, 3], 8)).toBe(5);
  });
});
