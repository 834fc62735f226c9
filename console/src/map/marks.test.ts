import { describe, expect, it } from "vitest";
import type { Camera } from "../api/types";
import { incident } from "../testing";
import { boxesOf, lookOf, marksOf } from "./marks";
import { metersBetween, nearTo, relatedTo } from "./related";

const camera = (id: string, fields: Partial<Camera> = {}): Camera => ({
  id,
  name: id,
  area: "east",
  area_name: "东村",
  place: "village",
  zones: [],
  lines: [],
  rules: [],
  ...fields,
});
const stream = (state: string) => ({ state }) as Camera["main"];

describe("marks", () => {
  const placed = camera("a", { at: { x: 0.5, y: 0.25 }, latitude: 25.6, longitude: 100.2 });
  const nowhere = camera("b");
  const incidents = [
    incident(1, { camera: "a", level: 3 }),
    incident(2, { camera: "a", level: 1 }),
    incident(3, { camera: "a", state: "closed" }),
    incident(4, { camera: "b" }),
    incident(5, { camera: undefined, latitude: 25.7, longitude: 100.3 }),
  ];

  it("are where the site file puts the cameras, with the most urgent incident first", () => {
    const { marks, unplaced, lost } = marksOf([placed, nowhere], incidents, "plan");
    expect(marks.map((m) => [m.key, m.x, m.y, m.incidents.map((i) => i.id)])).toEqual([
      ["camera/a", 0.5, 0.25, [2, 1]],
    ]);
    expect(unplaced.map((c) => c.id)).toEqual(["b"]);
    expect(lost.map((i) => i.id)).toEqual([4, 5]);
  });

  it("of people's reports are on the map by their own place, and nothing is lost silently", () => {
    const { marks, lost } = marksOf([placed, nowhere], incidents, "tiles");
    expect(marks.map((m) => [m.key, m.x, m.y])).toEqual([
      ["camera/a", 100.2, 25.6],
      ["incident/5", 100.3, 25.7],
    ]);
    expect(lost.map((i) => i.id)).toEqual([4]);
  });

  it("claim nothing about a camera whose health is not for this viewer", () => {
    expect(lookOf(camera("a"))).toBe("idle");
    expect(lookOf(camera("a", { main: stream("streaming"), sub: stream("stalled") }))).toBe("bad");
    expect(lookOf(camera("a", { main: stream("streaming") }))).toBe("good");
  });

  it("stand by area where there is no ground at all", () => {
    const boxes = boxesOf([nowhere, camera("c", { area: "west", area_name: "西村" })], incidents);
    expect(boxes.map((b) => [b.area, b.cameras.length, b.incidents.length])).toEqual([
      ["east", 1, 0],
      ["market", 0, 4],
      ["west", 1, 0],
    ]);
  });
});

describe("related cameras", () => {
  it("of a report are those around the place that it names, the nearest first", () => {
    const report = incident(9, {
      camera: undefined,
      area: "east",
      latitude: 25.6,
      longitude: 100.2,
    });
    const at = (id: string, latitude: number, area = "west") =>
      camera(id, { latitude, longitude: 100.2, area });
    const cameras = [at("far", 25.7), at("near", 25.609), at("nearest", 25.601), at("own", 25.7, "east")];
    const found = nearTo(report, cameras);
    expect(found.map((one) => one.camera.id)).toEqual(["nearest", "near", "own"]);
    expect(Math.round(found[0]?.meters ?? 0)).toBe(111);
    expect(found[2]?.meters).toBeUndefined();
  });

  it("are the nearest ones, then those of the same area", () => {
    const own = camera("own", { latitude: 25.6, longitude: 100.2 });
    const near = camera("near", { latitude: 25.601, longitude: 100.2, area: "west" });
    const nearer = camera("nearer", { latitude: 25.6002, longitude: 100.2 });
    const far = camera("far", { latitude: 26, longitude: 100.2, area: "west" });
    const same = camera("same");
    expect(metersBetween(own, near)).toBeCloseTo(111.2, 0);
    const found = relatedTo("own", [far, same, near, own, nearer]);
    expect(found.map((r) => r.camera.id)).toEqual(["nearer", "near", "same"]);
    expect(found[2]?.meters).toBeUndefined();
    expect(relatedTo("unknown", [own])).toEqual([]);
  });

  it("are found on the plan where the earth is not known", () => {
    const at = (id: string, x: number, area: string) => camera(id, { at: { x, y: 0.5 }, area });
    const found = relatedTo("own", [
      at("own", 0.5, "a"),
      at("b", 0.6, "b"),
      at("c", 0.9, "c"),
      at("d", 0.52, "d"),
    ]);
    expect(found.map((r) => r.camera.id)).toEqual(["d", "b"]);
  });
});
