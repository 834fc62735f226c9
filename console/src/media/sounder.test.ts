import { describe, expect, it } from "vitest";
import { stateOf, wishOf } from "./Sounder";
import { LEVEL_TONES, lengthOf, samplesOf } from "./tones";

describe("the alarm sound", () => {
  it("remembers what this browser wished, and takes nothing else for it", () => {
    expect(wishOf('{"wanted":true,"muted_ms":5}')).toEqual({ wanted: true, muted_ms: 5 });
    for (const kept of [null, "", "true", "{}", '{"wanted":"yes","muted_ms":"soon"}']) {
      expect(wishOf(kept)).toEqual({ wanted: false, muted_ms: 0 });
    }
  });

  it("is never called armed while nothing can be heard", () => {
    const wish = { wanted: true, muted_ms: 0 };
    expect(stateOf(wish, false, false, true, 10)).toEqual({ kind: "blocked", wanted: true, refused: false });
    expect(stateOf(wish, true, false, true, 10)).toEqual({ kind: "armed", ringing: true });
    expect(stateOf({ ...wish, muted_ms: 11 }, true, false, true, 10)).toEqual({
      kind: "muted",
      until_ms: 11,
    });
    expect(stateOf({ ...wish, muted_ms: 10 }, true, false, false, 10)).toEqual({
      kind: "armed",
      ringing: false,
    });
  });
});

describe("tones", () => {
  it("differ by level, end in silence and never clip", () => {
    const [red, orange] = [LEVEL_TONES[1], LEVEL_TONES[2]];
    if (!red || !orange) throw new Error("no tones");
    const samples = samplesOf(red, 8_000, 5);
    expect(samples.length).toBe(40_000);
    expect(samples.slice(Math.ceil(lengthOf(red) * 8_000)).every((sample) => sample === 0)).toBe(true);
    expect(Math.max(...samples.map(Math.abs))).toBeLessThan(0.36);
    expect(Math.max(...samples.map(Math.abs))).toBeGreaterThan(0.3);
    expect(samples[0]).toBeCloseTo(0);
    expect([...samplesOf(orange, 8_000)]).not.toEqual([...samplesOf(red, 8_000, lengthOf(orange))]);
  });
});
