import { describe, expect, it } from "vitest";
import { incident } from "../testing";
import { admit, matches, settle, step } from "./board";

const yellow = (id: number, fields = {}) => incident(id, { level: 3, ...fields });
const red = (id: number, fields = {}) => incident(id, { level: 1, ...fields });

describe("the order of the queue", () => {
  it("is level, then who has waited longest; finished ones are not in it", () => {
    const all = [yellow(5), red(9), yellow(2), red(3), incident(1, { state: "closed", level: 1 })];
    expect(settle(all)).toEqual([3, 9, 2, 5]);
  });

  it("is always fresh while nobody touches the list", () => {
    expect(admit([5], [yellow(5), red(9), yellow(2)], true)).toEqual({
      rows: [9, 2, 5],
      waiting: [],
      outOfOrder: false,
    });
  });

  it("lets new incidents wait while a row is held, but not red ones", () => {
    const board = admit([2, 5], [yellow(2), yellow(5), yellow(7), red(9)], false);
    expect(board).toEqual({ rows: [9, 2, 5], waiting: [7], outOfOrder: false });
  });

  it("keeps the place of a held list's row that is not known for a moment, and it is not new once it is found again", () => {
    const away = admit([2, 5, 6], [yellow(2), yellow(6)], false);
    expect(away).toEqual({ rows: [2, 5, 6], waiting: [], outOfOrder: false });
    const found = admit(away.rows, [yellow(2), yellow(5), yellow(6)], false);
    expect(found).toEqual({ rows: [2, 5, 6], waiting: [], outOfOrder: false });
    expect(admit(away.rows, [yellow(2), yellow(6)], true).rows).toEqual([2, 6]);
  });

  it("has no new ones in what is no arrival, which a fresh order shows", () => {
    const board = admit([2, 5], [yellow(2), yellow(5), yellow(7), yellow(8)], false, (id) => id !== 7);
    expect(board).toEqual({ rows: [2, 5], waiting: [8], outOfOrder: true });
  });

  it("never changes the order of rows already shown", () => {
    const board = admit([2, 5], [yellow(2), red(5, { version: 2 })], false);
    expect(board.rows).toEqual([2, 5]);
    expect(board.outOfOrder).toBe(true);
  });

  it("leaves finished rows in place until a fresh order is asked for", () => {
    const board = admit([2, 5], [yellow(2, { state: "closed" }), yellow(5)], false);
    expect(board.rows).toEqual([2, 5]);
    expect(board.outOfOrder).toBe(true);
  });

  it("shows new incidents at once when nothing open is on the screen", () => {
    expect(admit([2], [yellow(2, { state: "closed" }), yellow(7)], false).rows).toEqual([7]);
    expect(admit([], [yellow(7)], false).rows).toEqual([7]);
  });
});

describe("step", () => {
  it.each([
    [undefined, 1, 4],
    [undefined, -1, 6],
    [5, 1, 6],
    [6, 1, 6],
    [4, -1, 4],
    [99, 1, 4],
  ] as const)("from %s by %s is %s", (from, by, to) => {
    expect(step([4, 5, 6], from, by)).toBe(to);
  });
});

describe("matches", () => {
  it("wants every word, in any field, without case", () => {
    const i = incident(1, { camera: "Gate-2", owner: { id: 1, name: "王芳" } });
    expect(matches(i, "gate 王芳", "")).toBe(true);
    expect(matches(i, "文化 聚集", "人员聚集")).toBe(true);
    expect(matches(i, "gate 水库", "")).toBe(false);
  });
});
