import { describe, expect, it } from "vitest";
import type { TimelineAlarm, TimelineRow } from "../api/recordings";
import { clusterAlarms, familyOf, nextRecorded, thingAt, visibleRows } from "./bands";
import { localInput, readLocalInput } from "./localTime";
import {
  askFor,
  centred,
  DAY,
  following,
  HOUR,
  keepBefore,
  LONGEST_MS,
  MINUTE,
  nextSpan,
  panBy,
  SHORTEST_MS,
  timeAt,
  xOf,
  zoomAt,
} from "./scale";
import { ticks, zoneOffset } from "./ticks";

const view = { from_ms: 1_000_000, span_ms: HOUR };

describe("time and pixels", () => {
  it("are each other's inverse", () => {
    for (const x of [0, 1, 333.3, 1200]) expect(xOf(view, 1200, timeAt(view, 1200, x))).toBeCloseTo(x, 6);
  });
  it.each([0.1, 0.5, 2, 9])("zoom by %s keeps the instant under the pointer", (factor) => {
    const at = timeAt(view, 1200, 400);
    const zoomed = zoomAt(view, at, factor);
    expect(xOf(zoomed, 1200, at)).toBeCloseTo(400, 6);
    expect(zoomed.span_ms).toBeCloseTo(HOUR * factor, 3);
  });
  it("zooms from a minute to thirty days and no further", () => {
    expect(zoomAt(view, 1_500_000, 1e-6).span_ms).toBe(SHORTEST_MS);
    expect(zoomAt(view, 1_500_000, 1e6).span_ms).toBe(LONGEST_MS);
    expect(nextSpan(LONGEST_MS, 1)).toBe(LONGEST_MS);
    expect(nextSpan(SHORTEST_MS, -1)).toBe(SHORTEST_MS);
    expect(nextSpan(HOUR, -1)).toBe(30 * MINUTE);
    expect(nextSpan(45 * MINUTE, 1)).toBe(HOUR);
  });
  it("pans with the hand", () => {
    expect(panBy(view, 1200, 120).from_ms).toBe(view.from_ms - HOUR / 10);
  });
  it("stays out of the future but for a little", () => {
    const now = 50 * HOUR;
    expect(keepBefore({ from_ms: now, span_ms: HOUR }, now).from_ms).toBeCloseTo(now - 0.9 * HOUR, 3);
    expect(keepBefore(view, now)).toBe(view);
  });
  it("turns the page before the head leaves it", () => {
    expect(following(view, view.from_ms + HOUR / 2)).toBe(view);
    const turned = following(view, view.from_ms + HOUR);
    expect(xOf(turned, 100, view.from_ms + HOUR)).toBeCloseTo(15, 6);
  });
  it("asks for more than is seen, and for the same while it moves little", () => {
    const ask = askFor(centred(10 * DAY, HOUR));
    expect(ask.from_ms).toBeLessThanOrEqual(10 * DAY - HOUR);
    expect(ask.to_ms).toBeGreaterThanOrEqual(10 * DAY + HOUR);
    expect(askFor(centred(10 * DAY + MINUTE, HOUR))).toEqual(ask);
  });
});

describe("ticks", () => {
  const shanghai = zoneOffset("Asia/Shanghai");
  it("begin days at local midnight", () => {
    const found = ticks({ from_ms: Date.UTC(2026, 10, 20), span_ms: 7 * DAY }, 1200, shanghai);
    const days = found.filter((tick) => tick.rank === "day").map((tick) => tick.at_ms);
    expect(days).toHaveLength(7);
    expect(days[0]).toBe(Date.UTC(2026, 10, 20, 16));
  });
  it.each([MINUTE, HOUR, DAY, 7 * DAY, LONGEST_MS])("leave room for labels over %s ms", (span_ms) => {
    const wide = { from_ms: Date.UTC(2026, 10, 20, 3), span_ms };
    const labelled = ticks(wide, 1200, shanghai).filter((tick) => tick.rank === "major");
    expect(labelled.length).toBeLessThanOrEqual(14);
    expect(ticks(wide, 1200, shanghai).length).toBeLessThan(300);
    for (let i = 1; i < labelled.length; i++) {
      const apart = xOf(wide, 1200, labelled[i]?.at_ms ?? 0) - xOf(wide, 1200, labelled[i - 1]?.at_ms ?? 0);
      expect(apart).toBeGreaterThan(80);
    }
  });
  it("know days of 23 and 25 hours", () => {
    const berlin = zoneOffset("Europe/Berlin");
    const days = (from_ms: number) =>
      ticks({ from_ms, span_ms: 4 * DAY }, 1200, berlin)
        .filter((tick) => tick.rank === "day")
        .map((tick) => tick.at_ms);
    const [first = 0, second = 0, third = 0] = days(Date.UTC(2026, 2, 27, 12));
    expect([second - first, third - second]).toEqual([DAY, 23 * HOUR]);
  });
  it("fall back to the browser's zone for an unknown one", () => {
    expect(typeof zoneOffset("No/Where")(0)).toBe("number");
  });
});

describe("local time in fields", () => {
  const shanghai = zoneOffset("Asia/Shanghai");
  it("goes there and back", () => {
    const at = Date.UTC(2026, 10, 25, 19, 12, 5);
    expect(localInput(at, shanghai)).toBe("2026-11-26T03:12:05");
    expect(readLocalInput("2026-11-26T03:12:05", shanghai)).toBe(at);
    expect(readLocalInput("2026-11-26T03:12", shanghai)).toBe(at - 5_000);
    expect(readLocalInput("2026-11-26", shanghai)).toBe(Date.UTC(2026, 10, 25, 16));
    expect(readLocalInput("", shanghai)).toBeNull();
  });
});

const alarm = (from_ms: number, level: TimelineAlarm["level"], n = 1): TimelineAlarm => ({
  incident: 1,
  alarm: from_ms,
  from_ms,
  to_ms: null,
  kind: "intrusion",
  level,
  n,
});

const row: TimelineRow = {
  camera: "a",
  name: "A",
  area: "x",
  stream: "main",
  first_ms: 0,
  until_ms: 10_000,
  recorded: [
    { from_ms: 0, to_ms: 4_000 },
    { from_ms: 6_000, to_ms: 10_000 },
  ],
  gaps: [{ from_ms: 4_000, to_ms: 6_000, cause: "disk" }],
  alarms: [alarm(2_000, "red")],
  holds: [],
};

describe("bands", () => {
  it("draws alarms that would overlap as the worst of them, with their number", () => {
    const found = clusterAlarms([alarm(100, "blue"), alarm(105, "red", 2), alarm(200, "yellow")], 10);
    expect(found.map((a) => [a.level, a.n])).toEqual([
      ["red", 3],
      ["yellow", 1],
    ]);
  });
  it("does not let a chain of near alarms swallow a far one", () => {
    const chain = Array.from({ length: 10 }, (_, i) => alarm(i * 8, "blue"));
    expect(clusterAlarms(chain, 10).length).toBeGreaterThan(3);
  });
  it.each([
    [1_000, "recorded"],
    [2_050, "alarm"],
    [5_000, "gap"],
    [3_990, "gap"],
    [20_000, "nothing"],
  ])("finds at %s ms: %s", (at, kind) => {
    expect(thingAt(row, at, 30).kind).toBe(kind);
  });
  it("finds the next footage of any row", () => {
    expect(nextRecorded([row], 5_000)).toBe(6_000);
    expect(nextRecorded([row, { ...row, recorded: [{ from_ms: 5_500, to_ms: 5_600 }] }], 5_000)).toBe(5_500);
    expect(nextRecorded([row], 10_000)).toBeNull();
  });
  it("puts an unknown cause into a family too", () => {
    expect(familyOf("camera_offline")).toBe("camera");
    expect(familyOf("something_new")).toBe("stream");
  });
  it("draws only the rows in sight", () => {
    expect(visibleRows(100, 30, 0, 300)).toEqual({ first: 0, last: 10 });
    expect(visibleRows(100, 30, 1_500, 300)).toEqual({ first: 49, last: 60 });
    expect(visibleRows(3, 30, 0, 300)).toEqual({ first: 0, last: 2 });
  });
});
