import { expect, it } from "vitest";
import { worstFirst } from "./order";

it("names who is late by the share, and not who never was", () => {
  const unit = (id: string, n: number, of: number) => ({ id, tally: { overdue: { n, of } } });
  const rows = [unit("fire", 16, 64), unit("justice", 0, 9), unit("police", 3, 4), unit("water", 6, 8)];
  expect(worstFirst(rows).map((row) => row.id)).toEqual(["water", "police", "fire"]);
});
