import { describe, expect, it } from "vitest";
import type { Evidence } from "../api/types";
import { evidence } from "../testing";
import { en } from "./en";
import { age, clockface, position, problemText } from "./format";
import { zh } from "./zh";

const cases: [Partial<Evidence>, string, string][] = [
  [{}, "广场 内 12 人，已 20 秒，上限 10", "12 people in 广场 for 20 s, limit 10"],
  [{ count: 1, limit: 1 }, "广场 内 1 人，已 20 秒，上限 1", "1 person in 广场 for 20 s, limit 1"],
  [{ zone: undefined }, "画面 内 12 人，已 20 秒，上限 10", "12 people in the picture for 20 s, limit 10"],
  [
    { rule_class: "intrusion", class: "truck", count: 1, held_ms: 3_400 },
    "货车 进入 广场，已 3 秒",
    "1 truck in 广场 for 3 s",
  ],
  [
    { rule_class: "intrusion", class: "bus", count: 2, held_ms: 3_000 },
    "大客车 2 个 进入 广场，已 3 秒",
    "2 buses in 广场 for 3 s",
  ],
  [
    { rule_class: "intrusion", class: "two_wheeler", count: 2, held_ms: 3_000 },
    "两轮车 2 个 进入 广场，已 3 秒",
    "2 two-wheelers in 广场 for 3 s",
  ],
  [
    { rule_class: "intrusion", class: "drone", count: 2, held_ms: 3_000 },
    "drone 2 个 进入 广场，已 3 秒",
    "2 drones in 广场 for 3 s",
  ],
  [
    {
      rule_class: "crowd_surge",
      count: 9,
      limit: 8,
      detail: { of: "growth", from: 3, to: 12, within_ms: 30_000 },
    },
    "广场 30 秒内由 3 人增至 12 人，上限增加 8 人",
    "from 3 to 12 people in 广场 within 30 s, limit 8 more",
  ],
  [
    {
      rule_class: "line_crossing",
      class: "person",
      count: 2,
      detail: { of: "crossing", line: { id: "gate", name: "村口" }, forward: 2, backward: 1 },
    },
    "人员 2 个 越过 村口：正向 2，反向 1",
    "2 people crossed 村口: 2 forward, 1 backward",
  ],
  [
    { rule_class: "wrong_way", class: "car", count: 1, held_ms: 3_000 },
    "小汽车 在 广场 逆行，已 3 秒",
    "1 car the wrong way in 广场 for 3 s",
  ],
  [
    {
      rule_class: "loitering",
      class: "person",
      count: 1,
      held_ms: 65_000,
      detail: { of: "stay", limit_ms: 60_000 },
    },
    "人员 在 广场 停留 65 秒，上限 60 秒",
    "1 person stayed in 广场 for 65 s, limit 60 s",
  ],
  [
    {
      rule_class: "stopped_vehicle",
      class: "truck",
      count: 1,
      held_ms: 65_000,
      detail: { of: "stay", limit_ms: 60_000 },
    },
    "货车 停在 广场 65 秒，上限 60 秒",
    "1 truck standing in 广场 for 65 s, limit 60 s",
  ],
  [
    {
      rule_class: "accident",
      class: "car",
      count: 1,
      score: 0.7,
      detail: { of: "accident", signs: ["contact", "abrupt_stop", "halted"] },
    },
    "广场 疑似交通事故（70%）：相向接触、骤停、停在原地",
    "suspected accident in 广场 (70%): two met and touched, an abrupt stop, standing where they met",
  ],
  [
    {
      rule_class: "person_down",
      class: "person",
      count: 1,
      held_ms: 12_000,
      detail: { of: "stay", limit_ms: 10_000 },
    },
    "有人 在 广场 倒地未起，已 12 秒，上限 10 秒",
    "1 person down in 广场 for 12 s, limit 10 s",
  ],
  [
    {
      rule_class: "left_object",
      class: "other",
      count: 2,
      held_ms: 65_000,
      detail: { of: "stay", limit_ms: 60_000 },
    },
    "广场 有 2 件无人看管的物品，已 65 秒，上限 60 秒",
    "2 unattended objects in 广场 for 65 s, limit 60 s",
  ],
  [
    { rule_class: "running", class: "person", count: 4, limit: 3, held_ms: 3_000 },
    "广场 内 4 人奔跑，已 3 秒，上限 3",
    "4 people running in 广场 for 3 s, limit 3",
  ],
  [
    { rule_class: "smoke", class: "smoke", count: 1, held_ms: 3_000 },
    "广场 出现烟雾，已 3 秒",
    "smoke in 广场 for 3 s",
  ],
  [
    { rule_class: "fire", class: "fire", count: 1, held_ms: 3_000 },
    "广场 出现明火，已 3 秒",
    "fire in 广场 for 3 s",
  ],
  [
    { rule_class: "water_edge", class: "person", count: 2, held_ms: 3_000 },
    "人员 2 个 靠近水边 广场，已 3 秒",
    "2 people at the water's edge in 广场 for 3 s",
  ],
];

describe("the sentence that explains an alarm", () => {
  it.each(cases)("%j", (fields, chinese, english) => {
    expect(zh.sentence({ ...evidence, ...fields })).toBe(chinese);
    expect(en.sentence({ ...evidence, ...fields })).toBe(english);
  });
});

describe("age", () => {
  it.each([
    [-5_000, "0 秒", "0 s"],
    [59_900, "59 秒", "59 s"],
    [65_000, "1 分 05 秒", "1 min 05 s"],
    [1_500_000, "25 分钟", "25 min"],
    [3_660_000, "1 小时 1 分", "1 h 1 min"],
    [180_000_000, "2 天", "2 d"],
  ])("%s ms", (ms, chinese, english) => {
    expect(age(zh, ms)).toBe(chinese);
    expect(age(en, ms)).toBe(english);
  });
});

describe("clockface", () => {
  it("shows the site's time, not the browser's", () => {
    const at = Date.UTC(2026, 10, 22, 17, 4, 5, 80);
    expect(clockface("Asia/Shanghai").stamp(at)).toBe("11-23 01:04:05");
    expect(clockface("UTC").precise(at)).toBe("17:04:05.080");
    expect(clockface("No/Where").clock(at)).toMatch(/^\d\d:\d\d:\d\d$/);
  });
});

it("writes positions with one decimal", () => {
  expect(position(7.34)).toBe("0:07.3");
  expect(position(75)).toBe("1:15.0");
});

it("shows the server's own sentence for a refusal that it has no words for", () => {
  const problem = { status: 422, code: "new_thing", message: "it is raining" };
  expect(problemText(zh, problem)).toBe("it is raining（new_thing）");
  expect(problemText(en, { status: 429, code: "rate_limited", message: "", retry_after_s: 9 })).toBe(
    "Too many attempts. Please wait. Try again in 9 s.",
  );
});

it("has the same codes in both languages wherever it matters", () => {
  for (const part of [
    "incidentClass",
    "objectClass",
    "state",
    "reason",
    "stream",
    "analysis",
    "rung",
    "rungReason",
    "gapCause",
    "history",
    "endCause",
  ] as const) {
    expect(Object.keys(en[part]).sort()).toEqual(Object.keys(zh[part]).sort());
  }
  expect(Object.keys(en.error.codes).sort()).toEqual(Object.keys(zh.error.codes).sort());
});
