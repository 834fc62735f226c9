import { describe, expect, it } from "vitest";
import type { ReportDraft } from "./keep";
import { classesOf, missingIn, reportOf, titleOf } from "./report";
import { within } from "./shrink";

const draft = (fields: Partial<ReportDraft> = {}): ReportDraft => ({
  key: "k",
  class: "road_hazard",
  area: "east",
  what: "桥面积水",
  place: "",
  phone: "",
  photos: [],
  ...fields,
});

describe("titleOf", () => {
  it.each([
    ["桥面积水", { title: "桥面积水" }],
    ["  \n", { title: "道路障碍" }],
    ["桥面积水\n约半米深", { title: "桥面积水", description: "桥面积水\n约半米深" }],
  ])("%j", (what, title) => expect(titleOf(what, "道路障碍")).toEqual(title));

  it("cuts what is too long and keeps the whole", () => {
    const what = "水".repeat(60);
    const made = titleOf(what, "");
    expect([...made.title]).toHaveLength(40);
    expect(made.description).toBe(what);
  });
});

it("says what is missing, one thing at a time", () => {
  expect(missingIn(draft({ class: undefined, area: undefined }))).toBe("class");
  expect(missingIn(draft({ area: undefined }))).toBe("area");
  expect(missingIn(draft({ what: " " }))).toBe("what");
  expect(missingIn(draft({ what: "", photos: [{ name: "a", bytes: new Blob() }] }))).toBeNull();
});

it("sends what was written and nothing else", () => {
  const facts = { className: "道路障碍", source: "grid" } as const;
  expect(reportOf(draft(), [], facts)).toEqual({
    idempotency_key: "k",
    source: "grid",
    class: "road_hazard",
    area: "east",
    title: "桥面积水",
    files: [],
  });
  const position = { latitude: 23.5, longitude: 100.7, accuracy_m: 12 };
  const made = reportOf(draft({ place: "东桥", phone: "139", position }), [], facts);
  expect(made).toMatchObject({ location: "东桥", reporter_phone: "139", latitude: 23.5, longitude: 100.7 });
});

it("makes photos smaller and never larger", () => {
  expect(within(4000, 3000, 1600)).toEqual({ width: 1600, height: 1200 });
  expect(within(640, 480, 1600)).toEqual({ width: 640, height: 480 });
  expect(within(1, 9000, 900)).toEqual({ width: 1, height: 900 });
});

it("offers what grid workers may report, what people see first", () => {
  const one = (id: string, grid_workers = true) => ({
    id,
    grid_workers,
    name: id,
    name_en: id,
    level: 3,
    assist: [],
    places: [],
    external: {},
    deadlines: [],
    escalation: [],
  });
  const { usual, rare } = classesOf([one("loitering"), one("fight"), one("secret", false), one("other")]);
  expect(usual.map((c) => c.id)).toEqual(["fight", "other"]);
  expect(rare.map((c) => c.id)).toEqual(["loitering"]);
});
