import { expect, it } from "vitest";
import { incident } from "../testing";
import { arrivedOf } from "./forYou";

it("rings for what is escalated anew, and not for what is known", () => {
  const one = (id: number, told_ms: number) => ({ incident: incident(id), step: 1, told_ms });
  const known = new Map([
    [1, 10],
    [2, 10],
  ]);
  expect(arrivedOf(known, [one(1, 10), one(2, 20), one(3, 5)]).map((e) => e.incident.id)).toEqual([2, 3]);
  expect(arrivedOf(known, [])).toEqual([]);
});
