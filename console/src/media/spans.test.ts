import { describe, expect, it } from "vitest";
import { gapMarks, offsetAt, wallAt } from "./spans";

// 18 s of recording, 4 s missing, 8 s more.
const spans = [
  { offset_s: 0, wall_ms: 100_000 },
  { offset_s: 18, wall_ms: 122_000 },
];

describe("clip time and wall time", () => {
  it.each([
    [0, 100_000],
    [10.48, 110_480],
    [17.999, 117_999],
    [18, 122_000],
    [17.9998, 122_000],
    [25, 129_000],
  ])("offset %s s is wall %s ms", (offset, wall) => {
    expect(Math.round(wallAt(spans, offset) ?? 0)).toBe(wall);
  });

  it.each([
    [90_000, 0],
    [110_480, 10.48],
    [119_000, 18],
    [122_000, 18],
    [129_000, 25],
    [999_000, 26],
  ])("wall %s ms is offset %s s", (wall, offset) => {
    expect(offsetAt(spans, wall, 26)).toBeCloseTo(offset, 6);
  });

  it("knows nothing without spans", () => {
    expect(wallAt([], 3)).toBeNull();
    expect(offsetAt([], 3, 10)).toBeNull();
  });

  it("marks a gap where the clip jumps", () => {
    const gap = { from_ms: 118_000, to_ms: 122_000, cause: "stalled" };
    expect(gapMarks(spans, [gap], 26)).toEqual([{ at_s: 18, gap }]);
  });
});
