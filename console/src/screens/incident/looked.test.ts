import { expect, it } from "vitest";
import { en } from "../../i18n/en";
import { zh } from "../../i18n/zh";
import { actOf, outcomeOf } from "./looked";

it("tells what failed from what was refused", () => {
  expect(["allowed", "denied", "failed"].map((outcome) => outcomeOf(zh, outcome))).toEqual([
    undefined,
    "被拒绝",
    "未成功",
  ]);
  expect([outcomeOf(en, "denied"), outcomeOf(en, "failed")]).toEqual(["refused", "did not succeed"]);
});

it("has a neutral word for what it does not know, and never the gateway's own", () => {
  expect([actOf(zh, "drone.fly"), outcomeOf(zh, "deferred")]).toEqual(["其他操作", "未完成"]);
  expect([actOf(en, "drone.fly"), outcomeOf(en, "deferred")]).toEqual(["something else", "not completed"]);
  expect(actOf(zh, "clip.view")).toBe("查看录像片段");
});

it("has words for the same acts and outcomes in both languages", () => {
  expect(Object.keys(en.looks.action)).toEqual(Object.keys(zh.looks.action));
  expect(Object.keys(en.looks.outcome)).toEqual(Object.keys(zh.looks.outcome));
});
