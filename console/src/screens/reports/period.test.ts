import { describe, expect, it } from "vitest";
import { daysOf, midnight, span } from "./period";

describe("periods of the calendar", () => {
  it("are a day, a week from Monday and a whole month", () => {
    expect(daysOf("daily", "2026-12-31")).toEqual(["2026-12-31", "2027-01-01"]);
    expect(daysOf("weekly", "2026-11-26")).toEqual(["2026-11-23", "2026-11-30"]);
    expect(daysOf("weekly", "2026-11-23")).toEqual(["2026-11-23", "2026-11-30"]);
    expect(daysOf("weekly", "2026-11-29")).toEqual(["2026-11-23", "2026-11-30"]);
    expect(daysOf("monthly", "2026-12-09")).toEqual(["2026-12-01", "2027-01-01"]);
    expect(daysOf("monthly", "2028-02-29")).toEqual(["2028-02-01", "2028-03-01"]);
  });

  it("begin at the site's midnight, whatever zone the browser is in", () => {
    expect(midnight("Asia/Shanghai", "2026-11-26")).toBe(Date.parse("2026-11-26T00:00:00+08:00"));
    expect(midnight("America/New_York", "2026-11-26")).toBe(Date.parse("2026-11-26T00:00:00-05:00"));
    // Clocks go back on the 1st of November there: that day has 25 hours.
    const long = span("America/New_York", "2026-11-01", "2026-11-02");
    expect(long.to_ms - long.from_ms).toBe(25 * 3_600_000);
  });
});
