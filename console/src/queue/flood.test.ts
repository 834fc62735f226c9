import { describe, expect, it } from "vitest";
import { SoundGroups } from "../live/soundGroups";
import { incident } from "../testing";
import { arrivals, CALM, grouped, isGrouped, next, stops } from "./flood";

const flood = { incidents: 20, window_s: 60 };
const at = (id: number, received_ms: number, fields = {}) =>
  incident(id, { received_ms, opened_ms: received_ms, ...fields });

describe("a flood", () => {
  it("is more than so many within the time, whoever has them now", () => {
    const now = 1_000_000;
    const many = Array.from({ length: 21 }, (_, i) =>
      at(i, now - i * 1_000, { state: i % 2 ? "new" : "claimed" }),
    );
    const old = Array.from({ length: 50 }, (_, i) => at(100 + i, now - 60_000 - i));
    expect(arrivals([...many, ...old], flood, now)).toBe(21);
    expect(next(CALM, 20, flood)).toBe(CALM);
    expect(isGrouped(next(CALM, 21, flood))).toBe(true);
  });

  it("ends when it has ebbed and not when it dips", () => {
    const high = next(CALM, 30, flood);
    expect(isGrouped(next(high, 11, flood))).toBe(true);
    expect(isGrouped(next(high, 10, flood))).toBe(false);
  });

  it("that was left by hand stays left until the next one", () => {
    const left = { ...next(CALM, 30, flood), wish: "off" as const };
    expect(isGrouped(next(left, 40, flood))).toBe(false);
    const ebbed = next(left, 5, flood);
    expect(isGrouped(ebbed)).toBe(false);
    expect(isGrouped(next(ebbed, 25, flood))).toBe(true);
  });

  it("can be made by hand, and then only a hand ends it", () => {
    const made = { ...CALM, wish: "on" as const };
    expect(isGrouped(next(made, 0, flood))).toBe(true);
  });
});

describe("groups", () => {
  it("are of one camera and class, red is alone, and what somebody has is in none", () => {
    const gate = { camera: "gate", class: "intrusion" };
    const { red, groups } = grouped([
      at(1, 10, gate),
      at(2, 30, { ...gate, level: 2 }),
      at(3, 20, { ...gate, class: "crowding" }),
      at(4, 40, { ...gate, level: 1 }),
      at(5, 50, { ...gate, state: "claimed" }),
      at(6, 60, { camera: undefined, class: "help", area: "east" }),
      at(7, 70, { camera: undefined, class: "help", area: "east" }),
    ]);
    expect(red.map((i) => i.id)).toEqual([4]);
    expect(groups.map((g) => [g.key, g.level, g.incidents.map((i) => i.id), g.first_ms, g.last_ms])).toEqual([
      ["gate/intrusion", 2, [2, 1], 10, 30],
      ["area:east/help", 3, [6, 7], 60, 70],
      ["gate/crowding", 3, [3], 20, 20],
    ]);
  });
});

it("is walked through by the red ones and the groups", () => {
  const all = [at(1, 10, { level: 1 }), at(2, 20), at(3, 30), at(4, 40, { camera: "gate", level: 2 })];
  expect(stops(all)).toEqual([1, 4, 2]);
});

describe("sound in a flood", () => {
  it("is heard once for a group, again for what is worse, always for red, and anew after a minute", () => {
    const groups = new SoundGroups();
    const heard = (level: number, now: number, camera = "gate") =>
      groups.isWorthASound(incident(1, { level, camera }), now);
    expect([heard(3, 0), heard(3, 1_000), heard(2, 2_000), heard(3, 3_000)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect([heard(1, 4_000), heard(1, 5_000), heard(2, 6_000)]).toEqual([true, true, false]);
    expect([heard(3, 7_000, "bridge"), heard(3, 65_001), heard(3, 65_002)]).toEqual([true, true, false]);
  });
});
