import { describe, expect, it } from "vitest";
import { box } from "../testing";
import { boxesAt, lastBefore } from "./trace";

const frames = [
  { wall_ms: 1_000, boxes: [box(7, 0.1), box(8, 0.5)] },
  { wall_ms: 1_200, boxes: [box(7, 0.2, { confidence: 0.6 }), box(9, 0.7)] },
  { wall_ms: 5_000, boxes: [box(7, 0.9)] },
];
const where = (at: number) => boxesAt(frames, at).map((b) => [b.track, Number(b.rect.x0.toFixed(4))]);

describe("boxesAt", () => {
  it("moves a track evenly between two pictures", () => {
    const middle = boxesAt(frames, 1_100).find((b) => b.track === 7);
    expect(middle?.rect.x0).toBeCloseTo(0.15);
    expect(middle?.rect.x1).toBeCloseTo(0.25);
    expect(middle?.confidence).toBeCloseTo(0.7);
  });

  it("shows tracks that only one neighbour has where they were", () => {
    expect(where(1_050)).toEqual([
      [7, 0.125],
      [8, 0.5],
      [9, 0.7],
    ]);
  });

  it("is exact on a picture", () => {
    expect(where(1_200)).toContainEqual([7, 0.2]);
  });

  it("invents nothing across a long silence", () => {
    expect(where(1_400)).toEqual([
      [7, 0.2],
      [9, 0.7],
    ]);
    expect(where(3_000)).toEqual([]);
    expect(where(4_900)).toEqual([[7, 0.9]]);
    expect(where(0)).toEqual([]);
    expect(boxesAt([], 1_000)).toEqual([]);
  });
});

describe("lastBefore", () => {
  it.each([
    [999, -1],
    [1_000, 0],
    [1_199, 0],
    [1_200, 1],
    [9_999, 2],
  ])("at %s is %s", (at, index) => {
    expect(lastBefore(frames, at)).toBe(index);
  });
});
