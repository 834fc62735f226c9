import { describe, expect, it } from "vitest";
import { incident } from "../testing";
import {
  isFiltered,
  NO_FILTER,
  passes,
  type QueueFilter,
  readFilter,
  sameFilter,
  writeFilter,
} from "./filter";

const by = {
  viewerId: 1,
  now: 100,
  liesIn: (area: string, within: string) => within === "town" || area === within,
};
const filter = (more: Partial<QueueFilter>): QueueFilter => ({ ...NO_FILTER, ...more });

it("is the same after the way through an address", () => {
  const one = filter({ level: ["1", "2"], stage: ["new"], area: "east", q: "塘坝 巷", mine: true });
  const written = writeFilter(one);
  expect(written).toEqual({ level: "1,2", stage: "new", area: "east", q: "塘坝 巷", mine: "true" });
  const params = new URLSearchParams(written);
  expect(readFilter((name) => params.get(name))).toEqual(one);
});

it("writes nothing where nothing is excluded", () => {
  expect(writeFilter(NO_FILTER)).toEqual({});
  expect(isFiltered(filter({ q: "  " }))).toBe(false);
  expect(isFiltered(filter({ overdue: true }))).toBe(true);
});

it("knows a view again whatever the order of its names", () => {
  expect(sameFilter({ level: "1", q: "a" }, { q: "a", level: "1" })).toBe(true);
  expect(sameFilter({ level: "1" }, { level: "2" })).toBe(false);
});

describe("passes", () => {
  const told = { unit: "patrol", unit_name: "", lead: true, told_ms: 1, reworks: 0 };
  it.each<[Partial<QueueFilter>, Parameters<typeof incident>[1], boolean]>([
    [{}, {}, true],
    [{ level: ["1", "3"] }, {}, true],
    [{ level: ["1"] }, {}, false],
    [{ stage: ["new", "claimed"] }, { state: "claimed" }, true],
    [{ source: ["hotline"] }, {}, false],
    [{ area: "town" }, {}, true],
    [{ area: "east" }, {}, false],
    [{ unit: "patrol" }, { units: [told] }, true],
    [{ unit: "patrol" }, { units: [{ ...told, ended_ms: 3 }] }, false],
    [{ mine: true }, { owner: { id: 1, name: "" } }, true],
    [{ mine: true }, {}, false],
    [{ overdue: true }, { deadline_ms: 100 }, true],
    [{ overdue: true }, { deadline_ms: 101 }, false],
    [{ overdue: true }, {}, false],
  ])("%j of %j", (wanted, fields, expected) => {
    expect(passes(incident(1, fields), filter(wanted), by)).toBe(expected);
  });
});
