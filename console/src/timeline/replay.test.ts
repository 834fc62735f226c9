import { describe, expect, it } from "vitest";
import type { StorageCamera } from "../api/recordings";
import { readAddress, timelineLink, writeAddress } from "./address";
import { ReplayClock } from "./clock";
import { coveredUntil, placeOf, wallOf } from "./cover";
import { columnsFor, rowsFor } from "./grid";
import { DAY } from "./scale";
import { ErrorFilter, steer } from "./steer";
import { barOf, keptDays, worstFirst } from "./storage";
import { WINDOW_MS, windowAt, windowFrom } from "./windows";

describe("the clock", () => {
  it("runs at its speed, stands while held, and loses nothing by either", () => {
    const clock = new ReplayClock(10_000);
    clock.play(0);
    expect(clock.at(1_000)).toBe(11_000);
    clock.setSpeed(1_000, 4);
    expect(clock.at(1_500)).toBe(13_000);
    clock.hold(1_500);
    expect(clock.isRunning).toBe(false);
    expect(clock.isPlaying).toBe(true);
    expect(clock.at(9_000)).toBe(13_000);
    clock.release(9_000);
    expect(clock.at(9_250)).toBe(14_000);
    clock.pause(9_250);
    expect(clock.at(99_000)).toBe(14_000);
    clock.seek(99_000, 5);
    expect(clock.at(99_500)).toBe(5);
  });
  it("keeps running after a seek", () => {
    const clock = new ReplayClock(0);
    clock.play(0);
    clock.seek(100, 50_000);
    expect(clock.at(600)).toBe(50_500);
  });
});

describe("steering", () => {
  it.each([
    [0, 1, 1],
    [3, 1, 1],
    [40, 1, 0.92],
    [-40, 1, 1.08],
    [300, 1, 0.75],
    [-40, 2, 2.08],
    [-2_000, 8, 10],
    [-2_000, 16, 16],
  ])("an error of %s ms at speed %s gives rate %s", (error, speed, rate) => {
    expect(steer(error, speed)).toEqual({ kind: "rate", rate });
  });
  it("jumps over what no rate can mend", () => {
    expect(steer(-900, 1)).toEqual({ kind: "jump" });
    expect(steer(-900, 4)).not.toEqual({ kind: "jump" });
  });
  it("brings two panes together within two seconds", () => {
    const errors = [180, -220];
    for (let ms = 0; ms < 2_000; ms += 20) {
      for (const [i, error] of errors.entries()) {
        const steering = steer(error, 1);
        if (steering.kind === "rate") errors[i] = error + (steering.rate - 1) * 20;
      }
    }
    expect(Math.abs((errors[0] ?? 0) - (errors[1] ?? 0))).toBeLessThan(40);
  });
  it("smooths noise and believes a jump", () => {
    const filter = new ErrorFilter();
    filter.push(0);
    expect(filter.push(20)).toBeCloseTo(6);
    expect(filter.push(5_000)).toBe(5_000);
    filter.reset();
    expect(filter.value_ms).toBeNull();
  });
});

// 18 s of footage, 4 s missing, 8 s more.
const clip = {
  spans: [
    { offset_ms: 0, wall_ms: 100_000 },
    { offset_ms: 18_000, wall_ms: 122_000 },
  ],
  gaps: [{ from_ms: 118_000, to_ms: 122_000, cause: "stalled" }],
  duration_ms: 26_000,
  end_ms: 130_000,
};

describe("wall time and places in a file", () => {
  it.each([
    [0, 100_000],
    [17_999, 117_999],
    [18_000, 122_000],
    [25_000, 129_000],
  ])("offset %s is wall %s", (offset, wall) => {
    expect(wallOf(clip, offset)).toBe(wall);
    expect(placeOf(clip, wall)).toEqual({ kind: "media", offset_ms: offset });
  });
  it("names the gap and where the footage goes on", () => {
    const resume = { resume_ms: 122_000, resume_offset_ms: 18_000 };
    expect(placeOf(clip, 119_000)).toEqual({ kind: "gap", gap: clip.gaps[0], ...resume });
    expect(placeOf(clip, 90_000)).toMatchObject({ kind: "gap", gap: null, resume_ms: 100_000 });
    expect(placeOf(clip, 140_000)).toEqual({
      kind: "gap",
      gap: null,
      resume_ms: null,
      resume_offset_ms: null,
    });
  });
  it("calls the joint between two runs no gap", () => {
    const joined = {
      ...clip,
      spans: [clip.spans[0], { offset_ms: 18_000, wall_ms: 118_300 }].flatMap((s) => s ?? []),
    };
    expect(placeOf(joined, 118_100)).toEqual({ kind: "media", offset_ms: 18_000 });
    expect(placeOf(clip, 121_700).kind).toBe("gap");
    expect(placeOf(clip, 99_700)).toEqual({ kind: "media", offset_ms: 0 });
    expect(placeOf({ ...clip, gaps: [] }, 130_200)).toEqual({ kind: "media", offset_ms: 25_999 });
  });
  it("knows nothing without spans", () => {
    expect(wallOf({ ...clip, spans: [] }, 0)).toBeNull();
    expect(placeOf({ ...clip, spans: [] }, 119_000).kind).toBe("gap");
  });
  it("does not take footage that is still to come for a gap", () => {
    const window = { from_ms: 100_000, to_ms: 140_000 };
    expect(coveredUntil(clip, window, 141_000)).toBe(130_000);
    expect(coveredUntil(clip, window, 9_000_000)).toBe(140_000);
    expect(coveredUntil({ ...clip, continues_ms: 133_000 }, window, 9_000_000)).toBe(133_000);
    const open = { ...clip, gaps: [{ from_ms: 130_000, to_ms: null, cause: "camera_offline" }] };
    expect(coveredUntil(open, window, 141_000)).toBe(140_000);
  });
});

describe("windows", () => {
  const now = 100 * WINDOW_MS + 5_000;
  it("lie on a grid, and end now at the latest", () => {
    expect(windowAt(3.5 * WINDOW_MS, now)).toEqual({ from_ms: 3 * WINDOW_MS, to_ms: 4 * WINDOW_MS });
    expect(windowAt(now - 1_000, now)).toEqual({ from_ms: 100 * WINDOW_MS, to_ms: now });
  });
  it("begin anywhere when they must", () => {
    expect(windowFrom(3.5 * WINDOW_MS, now)).toEqual({ from_ms: 3.5 * WINDOW_MS, to_ms: 4 * WINDOW_MS });
  });
});

describe("the address", () => {
  it("goes there and back", () => {
    const address = {
      cameras: ["a", "b"],
      at_ms: 1_700_000_000_000,
      span_ms: DAY,
      speed: 4,
      stream: "sub" as const,
    };
    expect(readAddress(writeAddress(address))).toEqual(address);
  });
  it("survives nonsense", () => {
    const params = new URLSearchParams("cameras=a,,a, b,c,d,e,f,g,h,i,j,k&at=x&span=-5&speed=3");
    const address = readAddress(params);
    expect(address.cameras).toEqual(["a", "b", "c", "d", "e", "f", "g", "h", "i"]);
    expect([address.at_ms, address.span_ms, address.speed, address.stream]).toEqual([
      null,
      60_000,
      1,
      "main",
    ]);
  });
  it("opens a little before what is to be seen", () => {
    const params = new URLSearchParams(timelineLink("dam", 1_000_000).split("?")[1]);
    expect(readAddress(params)).toMatchObject({ cameras: ["dam"], at_ms: 994_000 });
  });
});

it.each([
  [1, 1, 1],
  [2, 2, 1],
  [4, 2, 2],
  [5, 3, 2],
  [9, 3, 3],
])("%s panes stand in %s columns and %s rows", (n, columns, rows) => {
  expect([columnsFor(n), rowsFor(n)]).toEqual([columns, rows]);
});

describe("storage", () => {
  const camera = (name: string, kept: number, floor: number): StorageCamera => ({
    camera: name,
    stream: "main",
    disk: "main",
    oldest_ms: 0,
    newest_ms: kept * DAY,
    bytes: 1,
    bytes_per_day: 1,
    base_days: 30,
    incident_days: 90,
    floor_days: floor,
    legal_basis: "general",
    max_bytes: null,
    incident_max_bytes: null,
    held_warn_bytes: null,
    base_bytes: 1,
    incident_bytes: 0,
    held_bytes: 0,
    is_below_floor: kept < floor,
  });
  it("puts the worst first", () => {
    const rows = [
      camera("fine", 40, 30),
      camera("short", 20, 30),
      camera("worse", 5, 30),
      camera("just", 31, 30),
    ];
    expect(worstFirst(rows).map((row) => row.camera)).toEqual(["worse", "short", "just", "fine"]);
    expect(keptDays(camera("", 1, 1))).toBe(1);
  });
  it("draws bars that hold both what is kept and what is owed", () => {
    for (const [kept, floor] of [
      [5, 30],
      [60, 30],
    ] as const) {
      const bar = barOf(camera("", kept, floor));
      expect(Math.max(bar.kept, bar.floor)).toBeLessThanOrEqual(1);
      expect(bar.kept < bar.floor).toBe(kept < floor);
    }
  });
});
