import { expect, it } from "vitest";
import { incident } from "../testing";
import { noisyOf } from "./noise";
import type { Noise, NoiseSource } from "./types";

const source = (camera: string, excess: NoiseSource["excess"]): NoiseSource => ({
  camera,
  camera_name: camera,
  area_name: "集市",
  rule: "crowd",
  class: "crowding",
  tunable: false,
  alarms: 40,
  last_hour: 13,
  incidents: 2,
  repeats: 11,
  confirmed: 0,
  false_alarms: 1,
  undecided: 12,
  shelved_ms: 0,
  excess,
});

it("marks what comes from a source over its budget, and nothing else of its camera", () => {
  const budget = { source_per_hour: 12, centre_per_hour: 12, false_percent: 80, false_of: 50 };
  const sources = [source("cam", ["rate"]), source("calm", [])];
  const noise: Noise = { from_ms: 0, at_ms: 1, incidents_last_hour: 2, over: false, budget, sources };
  const isNoisy = noisyOf(noise);
  expect(isNoisy(incident(1))).toBe(true);
  expect(isNoisy(incident(2, { level: 1 }))).toBe(true);
  expect(isNoisy(incident(3, { class: "loitering" }))).toBe(false);
  expect(isNoisy(incident(4, { camera: "calm" }))).toBe(false);
  expect(isNoisy(incident(5, { camera: undefined, source: "hotline" }))).toBe(false);
  expect(noisyOf(undefined)(incident(1))).toBe(false);
});
