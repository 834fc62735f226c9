import { expect, it } from "vitest";
import type { Unit } from "../api/desk";
import type { Area } from "../api/types";
import { incident } from "../testing";
import { inOrder, liesIn, mergeTargets, turn } from "./picked";

const led = { units: ["a"], isLed: true };
const nobody = { lead: undefined, assist: [] };
const unit = (id: string, areas: string[] = []): Unit => ({ id, name: id, kind: "department", areas });
const areas = [
  { id: "town", name: "镇", kind: "township" },
  { id: "east", name: "东村", kind: "village", parent: "town" },
  { id: "west", name: "西村", kind: "village", parent: "town" },
] as Area[];

it("turns a unit: leads, helps, off", () => {
  const first = turn(nobody, "a");
  expect(first).toEqual({ lead: "a", assist: [] });
  expect(turn(first, "b")).toEqual({ lead: "a", assist: ["b"] });
  expect(turn(first, "a")).toEqual({ lead: undefined, assist: ["a"] });
  expect(turn(turn(first, "a"), "a")).toEqual(nobody);
});

it("lets a further unit help, and one that was told only lead", () => {
  expect(turn(nobody, "b", led)).toEqual({ lead: undefined, assist: ["b"] });
  expect(turn(nobody, "a", led)).toEqual({ lead: "a", assist: [] });
  expect(turn({ lead: "a", assist: [] }, "a", led)).toEqual(nobody);
});

it("lets the first one lead where the lead has returned it", () => {
  expect(turn(nobody, "b", { units: ["a"], isLed: false })).toEqual({ lead: "b", assist: [] });
});

it("puts the proposed units first and those of other places last", () => {
  const units = [unit("far", ["west"]), unit("all"), unit("near", ["town"]), unit("help"), unit("lead")];
  const order = inOrder(units, { lead: "lead", assist: ["help"] }, "east", areas).map((one) => one.id);
  expect(order).toEqual(["lead", "help", "all", "near", "far"]);
});

it("knows what lies in what", () => {
  expect(liesIn(areas, "east", "town")).toBe(true);
  expect(liesIn(areas, "town", "east")).toBe(false);
});

it("offers the nearest of kind, place and time to merge into", () => {
  const one = incident(5);
  const others = [
    one,
    incident(1, { camera: "other", area: "far", class: "fire" }),
    incident(9),
    incident(6),
    incident(7, { camera: "other" }),
  ];
  expect(mergeTargets(one, others, 3).map((i) => i.id)).toEqual([6, 9, 7]);
});
