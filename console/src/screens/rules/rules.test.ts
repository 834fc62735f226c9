import { expect, it } from "vitest";
import type { TrialAlarm, TrialLiveAlarm } from "../../api/types";
import { evidence } from "../../testing";
import { ruleText } from "./draft";
import { columns } from "./pair";

it("writes a rule as the site file has it, in the order of reading", () => {
  const keys = { level: "red", id: "a", kind: "wrong_way", heading: [0.1, 1], shadow: true, hold: "" };
  expect(ruleText(keys)).toBe(
    '[[camera.rule]]\nid = "a"\nkind = "wrong_way"\nheading = [0.1, 1]\nlevel = "red"\n',
  );
  expect(ruleText({ id: 'q"', must_have_moved: false })).toBe(
    '[[camera.rule]]\nid = "q\\""\nmust_have_moved = false\n',
  );
});

const fields = { class: "intrusion" as const, level: 3, evidence, has_still: false, is_met: false };
const tried = (rule: string, s: number, end?: number): TrialAlarm => ({
  ...fields,
  n: s,
  rule,
  began_ms: s * 1000,
  raised_ms: s * 1000,
  ended_ms: end === undefined ? undefined : end * 1000,
  boxes: [],
});
const raised = (rule: string, s: number, end?: number): TrialLiveAlarm => ({
  ...fields,
  n: s,
  alarm: s,
  rule,
  began_ms: s * 1000,
  raised_ms: s * 1000,
  ended_ms: end === undefined ? undefined : end * 1000,
  is_unseen: false,
});

it("puts what was there at the same time below each other, and the rest in its place", () => {
  const found = columns(
    [tried("a", 100, 110), tried("a", 150, 160), tried("a", 500, 510), tried("b", 105, 110)],
    [raised("a", 95, 170), raised("a", 300, 310)],
  );
  const shape = found.map((c) => [c.trial.map((t) => t.n), c.live?.n ?? null]);
  expect(shape).toEqual([
    [[100, 150], 95],
    [[105], null],
    [[], 300],
    [[500], null],
  ]);
});
