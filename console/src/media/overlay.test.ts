import { expect, it } from "vitest";
import { pictureArea } from "./overlay";

it("finds the picture inside its letterboxed element", () => {
  expect(pictureArea(800, 600, 1600, 900)).toEqual({ x: 0, y: 75, width: 800, height: 450 });
  expect(pictureArea(800, 600, 600, 600)).toEqual({ x: 100, y: 0, width: 600, height: 600 });
  expect(pictureArea(800, 600, 0, 0)).toEqual({ x: 0, y: 0, width: 800, height: 600 });
});
